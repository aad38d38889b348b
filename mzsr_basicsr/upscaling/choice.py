"""The kernel of a photograph: given by its owner, or estimated."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from mzsr_basicsr.blind.estimate import Estimate, estimate_kernel, isotropic_residual
from mzsr_basicsr.blind.reading import CLEAR, asymmetric, evidence_for_turn
from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.degradation.kernels import delta_kernel
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import KernelError
from mzsr_basicsr.upscaling.settings import ESTIMATED, UpscaleSettings
from mzsr_basicsr.weights.kernel_net import load_kernel_net, spread_net

# Confidence from which the estimate serves a frame of a clip. What a codec takes away looks like an earlier
# enlargement, so that this is no reason for doubt there; benchmarks/clip_artefacts.py shows what doubt costs.
TRUSTED_CODED = 0.6
_JUDGED = 4  # parts that a kernel's reading is judged by


@dataclass(frozen=True, eq=False)
class Chosen:
    """What is thought to have happened to an image (kernel float64), and how it was estimated (None: it was given).

    The degradation's noise is the least that shall be told beside an estimated kernel. `notice` is a line for people
    where the estimate was not trusted.
    """

    degradation: Degradation
    estimate: Estimate | None
    notice: str | None = None


def choose_kernel(
    settings: UpscaleSettings,
    scale: int,
    sample: Callable[[], Tensor],
    smallest_side: int,
    name: str,
    given: Tensor | None = None,
    coded: bool = False,
) -> Chosen:
    """Load or estimate the kernel.

    Args:
        settings: the choices.
        scale: of the network.
        sample: gives the parts of the image to estimate from, (n, C, h, w).
        smallest_side: of the image, px.
        name: of the image, for messages.
        given: (k, k) float64, in the place of `settings.kernel`.
        coded: it is a frame of a clip, see `TRUSTED_CODED`.

    Raises:
        KernelError: no such kernel, or one larger than the upscaled image.
    """
    if given is not None or settings.kernel not in ESTIMATED:
        return _given(settings, scale, smallest_side, name, given)
    subsampling = settings.estimated_subsampling()
    parts = sample()
    free = settings.kernel == "auto-free"
    found = estimate_kernel(load_kernel_net(), parts, scale, subsampling, free, spread_net(subsampling))
    kernel = _fitting(found.kernel, smallest_side * scale)
    estimate = replace(found, kernel=kernel, residual=isotropic_residual(kernel))
    chosen = Chosen(Degradation(kernel, scale, subsampling, found.noise), estimate)
    trusted = found.confidence >= TRUSTED_CODED if coded else found.trusted
    if trusted or free or subsampling == "direct":  # direct: a blur is taken for granted
        return chosen
    return _cautious(estimate, scale, name)


def doubt(chosen: Chosen, turned: bool, sample: Callable[[], Tensor], name: str) -> str | None:
    """Say so in a line where a given kernel explains an image clearly better the other way round.

    Args:
        chosen: the kernel, with the noise of the image.
        turned: it was turned already.
        sample: gives the parts of the image to judge by, (n, C, h, w).
        name: of the image.
    """
    if chosen.estimate is not None or not asymmetric(chosen.degradation):
        return None
    evidence = evidence_for_turn(sample()[:_JUDGED], chosen.degradation)
    if evidence < CLEAR:
        return None
    how = "as it is: leave out" if turned else "turned by 180 degrees, as of a project that convolves: give"
    return f"{name}: its kernel explains it clearly better {how} --kernel-turned (in Python, kernel_turned=True)"


def _cautious(found: Estimate, scale: int, name: str) -> Chosen:
    """Take an image for plainly reduced where its blur cannot be told, so that the result is at least as safe."""
    kernel = delta_kernel()
    taken = "so it is taken for reduced by bicubic subsampling alone; give --kernel if you know more"
    estimate = replace(found, kernel=kernel, residual=isotropic_residual(kernel))
    return Chosen(Degradation(kernel, scale, "bicubic"), estimate, f"{name}: {found.why}, {taken}")


def _given(settings: UpscaleSettings, scale: int, smallest_side: int, name: str, given: Tensor | None) -> Chosen:
    """Take the kernel that is given, as an array or by the settings."""
    bicubic = given is None and settings.kernel == "bicubic"
    called = "" if given is not None else f" {settings.kernel}"
    if given is None:
        given = delta_kernel() if bicubic else load_kernel(settings.kernel)
    if given.shape[-1] > smallest_side * scale:
        raise KernelError(
            f"{name}: the {given.shape[-1]} px kernel{called} is larger than the image at x{scale} "
            f"({smallest_side * scale} px); give a smaller kernel or a larger image"
        )
    degradation = Degradation(given, scale, settings.usual_subsampling())
    return Chosen(degradation.turned() if settings.kernel_turned else degradation, None)


def _fitting(kernel: Tensor, side: int) -> Tensor:
    """Cut a kernel to an image: at most `side` px, odd."""
    cut = max(0, (kernel.shape[-1] - side + 1) // 2)
    inner = F.pad(kernel, (-cut,) * 4)
    return inner / inner.sum()
