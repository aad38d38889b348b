"""What is exported: a network with its parameters, and the degradation that is baked in."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from mzsr_basicsr.degradation.noise import jpeg_noise
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.exporting.choices import ExportChoices
from mzsr_basicsr.pictures.picture import upright
from mzsr_basicsr.pictures.reading import read_picture
from mzsr_basicsr.upscaling.choice import choose_kernel
from mzsr_basicsr.upscaling.upscaler import Upscaler
from mzsr_basicsr.weights.pretrained import load_pretrained

_LIKE = torch.zeros(0)  # where exports are made: float32 on the CPU


@dataclass(frozen=True, eq=False)
class Source:
    """What is exported.

    Attributes:
        network: in eval mode, on the CPU, with the parameters to export.
        degradation: of the images, float32.
        adapted: after how many updates the parameters were taken; 0 for the weights' own.
        notices: sentences for people.
    """

    network: nn.Module
    degradation: Degradation
    adapted: int = 0
    notices: tuple[str, ...] = ()


def read_source(choices: ExportChoices) -> Source:
    """Load the weights; where there is an image, estimate from it and adapt to it, as `mzsr upscale` does.

    Raises:
        MZSRError: weights, a kernel or an image that cannot be used.
    """
    file = choices.upscale.weights_file()
    if choices.image is not None:
        return _adapted(choices, choices.image)
    loaded = load_pretrained(file)
    _check_scale(float(loaded.scale), choices)
    chosen = choose_kernel(choices.upscale, int(loaded.scale), _no_sample, 2**30, "export")
    noise = 0.0 if choices.upscale.noise == "auto" else choices.upscale.noise / 255
    notices = []
    if loaded.learner is not None and not loaded.learner.plain:
        notices.append(
            f"{file}: which network they start from is chosen by an image; without --image their first is exported; "
            "--image FILE --updates 0 chooses, and adapts nothing"
        )
    return Source(loaded.network, chosen.degradation.with_noise(noise).to(_LIKE), 0, tuple(notices))


def _adapted(choices: ExportChoices, image: Path) -> Source:
    """Adapt to an image."""
    upscaler = Upscaler(replace(choices.upscale, precision="float32"))  # as the file computes
    _check_scale(upscaler.scale, choices)
    picture = upright(read_picture(image))
    artefacts = jpeg_noise(picture.quantization)
    plan = upscaler.plan(picture.pixels, picture.alpha, str(image), artefacts, nodata=picture.nodata)
    began = (f"{image}: {plan.adapted.began}",) if plan.adapted.began else ()
    notices = (*began, *([plan.notice] if plan.notice else []))
    network = with_parameters(upscaler.network.cpu(), plan.adapted.params)
    return Source(network, plan.chosen.degradation.to(_LIKE), plan.adapted.kept, notices)


def with_parameters(network: nn.Module, params: Mapping[str, Tensor]) -> nn.Module:
    """Give a copy of a network with other parameters, by name."""
    made = copy.deepcopy(network)
    for name, value in made.named_parameters():
        value.data = params[name].detach().to(value)
    return made.eval()


def _check_scale(scale: float, choices: ExportChoices) -> None:
    file = choices.upscale.weights_file()
    if not float(scale).is_integer():
        raise ConfigError(f"weights: {file} is for x{scale:g}; give one of an integer scale")
    if choices.scale not in (None, scale):
        raise ConfigError(f"scale: {choices.scale:g}, but {file} is for x{scale:g}; leave --scale out")


def _no_sample() -> Tensor:
    raise ConfigError("kernel: it is estimated from an image; give --image FILE")
