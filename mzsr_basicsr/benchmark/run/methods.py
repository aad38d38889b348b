"""The methods of a benchmark: each turns an LR image into one or more SR images."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mzsr_basicsr.adaptation.clock import seconds_now
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import super_resolve, zero_shot
from mzsr_basicsr.archs.build import check_network
from mzsr_basicsr.benchmark.run.networks import Loaded, build, load_network
from mzsr_basicsr.benchmark.run.options import (
    BicubicOptions,
    KernelChoice,
    MZSROptions,
    SingleOptions,
    ZSSRMethodOptions,
)
from mzsr_basicsr.benchmark.run.output import Method, Output, told_of
from mzsr_basicsr.benchmark.run.remembering import Remembering
from mzsr_basicsr.degradation.degrade import upscale
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.zero_shot import ZeroShotOptions, zero_shot_settings
from mzsr_basicsr.options.zssr import zssr_settings
from mzsr_basicsr.weights.pretrained import fitting_rates
from mzsr_basicsr.weights.task_embedding import load_embedding
from mzsr_basicsr.zssr import ZSSRSettings, zssr


def build_method(label: str, options: SingleOptions, scale: float, seed: int, device: torch.device) -> Method:
    """Load what a method needs.

    Args:
        label: in the option file, for messages.
        options: of the method; for ensembles see `ensemble`.
        scale: magnification.
        seed: of random weights.
        device: to work on.

    Returns:
        A function from an LR image (1, 3, h, w), RGB in [0, 1], and its degradation to the method's outputs.

    Raises:
        MZSRError: a network or its weights are unknown, damaged or of another scale.
    """
    section = f"methods.{label}"
    if isinstance(options, BicubicOptions):
        return _bicubic
    if isinstance(options, ZSSRMethodOptions):
        settings = zssr_settings(options, scale, section)
        return _zssr(options.kernel, settings, _fresh_network(options, section, seed).to(device))
    loaded = load_network(options, scale, section)
    if isinstance(options, MZSROptions) and not options.learner:
        rates = fitting_rates(loaded.rates, loaded.network, section)
        loaded = loaded._replace(learner=None, rates=rates)
    if isinstance(options, MZSROptions) and options.memory:
        return Remembering(loaded.to(device), options, section, load_embedding().to(device))
    return _network(loaded.to(device), options.zero_shot, options.kernel, section)


def updates_of(options: SingleOptions) -> Sequence[int | None]:
    """List after how many updates a method gives a result."""
    if isinstance(options, ZSSRMethodOptions):
        return sorted(set(options.updates))
    given = getattr(options, "zero_shot", None)
    return [None] if given is None else sorted(set(given.updates))


def _bicubic(lq: Tensor, degradation: Degradation) -> list[Output]:
    start = seconds_now(lq.device)
    image = upscale(lq, degradation.scale).clamp(0, 1)
    return [Output(None, image, seconds_now(lq.device) - start)]


def _fresh_network(options: ZSSRMethodOptions, section: str, seed: int) -> nn.Module:
    check_network(options.network_g, f"{section}.network_g")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(options.network_g, f"{section}.network_g")


def _zssr(choice: KernelChoice, settings: ZSSRSettings, network: nn.Module) -> Method:
    network = network.to(memory_format=torch.channels_last)

    def run(lq: Tensor, degradation: Degradation) -> list[Output]:
        told, spent = told_of(choice, lq, degradation)
        result = zssr(network, lq, told, settings)
        return [Output(u, image, spent + result.seconds[u]) for u, image in sorted(result.images.items())]

    return run


def _network(loaded: Loaded, options: ZeroShotOptions | None, choice: KernelChoice, section: str) -> Method:
    network = loaded.network
    if options is not None:
        if not options.updates:
            raise ConfigError(f"{section}.zero_shot.updates: is empty; give at least one number, as [0, 10]")
        settings = zero_shot_settings(options, loaded.rates, loaded.manner, loaded.learner)

    def run(lq: Tensor, degradation: Degradation) -> list[Output]:
        told, spent = told_of(choice, lq, degradation)
        if options is None:
            return [_unadapted(network, lq, told, spent)]
        result = zero_shot(network, lq, told.with_noise(options.noise), settings)
        return [Output(u, image, spent + result.seconds[u]) for u, image in sorted(result.images.items())]

    return run


def _unadapted(network: nn.Module, lq: Tensor, degradation: Degradation, spent: float) -> Output:
    """Run a network once, without the son and the loss of the hook; `spent` are seconds before it."""
    start = seconds_now(lq.device)
    params = {name: value.detach() for name, value in network.named_parameters()}
    image = super_resolve(network, params, lq, degradation, Settings())
    return Output(None, image, spent + seconds_now(lq.device) - start)
