"""What the actions of `mzsr kernel` do: the text they print, and the pictures they draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from mzsr_basicsr.degradation.kernel_files import load_kernel
from mzsr_basicsr.kernel_tools.picture import draw_difference, draw_kernel, labelled_row
from mzsr_basicsr.kernel_tools.report import (
    EstimatedKernel,
    caption,
    compare_kernels,
    measure_kernel,
    on_common_grid,
)


def estimate_text(about: dict[str, object], found: EstimatedKernel) -> str:
    """Say in some lines what was estimated; `about` names the image, the scale and the kind of kernel."""
    n = measure_kernel(found.degradation.kernel)
    angle = "none, it is round" if n.round else f"Θ {n.theta_degrees:.1f}° = {n.theta:.4f} rad, clockwise"
    how = f"{about['kernel']}, x{about['scale']}, {found.degradation.subsampling}"
    return "\n".join(
        [
            f"{about['image']}: {n.side}x{n.side} px kernel ({how})",
            f"  variances    λ1 {n.lambda1:.3f} px², λ2 {n.lambda2:.3f} px²",
            f"  deviations   σ1 {n.sigma1:.3f} px, σ2 {n.sigma2:.3f} px",
            f"  angle of λ1  {angle}",
            f"  centre       x {n.centre_x:+.3f} px, y {n.centre_y:+.3f} px of its mass, to the right and down",
            f"  confidence   {found.confidence:.3f} (0 to 1)",
            f"  residual     {found.residual:.3f} (0 to 1) against an isotropic Gaussian",
            f"  noise        σ {found.noise:.2f} of 255 levels",
            f"  use          --kernel FILE --subsampling {found.degradation.subsampling}",
        ]
    )


def draw_titled(spec: str, side: int) -> np.ndarray:
    """Draw a kernel, see `load_kernel`, with its numbers above: (H, W, 3) uint8 RGB, the square `side` px."""
    kernel = load_kernel(spec)
    return draw_kernel(kernel, side, caption(kernel))


def compare_text(first: str, second: str) -> str:
    """Say in some lines how the second kernel differs from the first."""
    a, b = load_kernel(first), load_kernel(second)
    d = compare_kernels(a, b)
    return "\n".join(
        [
            _summary("A", first, a),
            _summary("B", second, b),
            f"PSNR      {d.psnr:.2f} dB, of a peak of A's largest weight",
            f"variances λ1 {100 * d.lambda1_error:+.2f} %, λ2 {100 * d.lambda2_error:+.2f} % of A's",
            f"angle     {'none, as one of them is round' if d.angle is None else f'{d.angle:.2f}° apart'}",
            f"centre    x {d.moved_x:+.2f}, y {d.moved_y:+.2f} HR px from A's; B's result lies as far off A's",
            f"L1        {d.l1:.6f} (0 to 2)",
        ]
    )


def draw_comparison(first: str, second: str, side: int) -> np.ndarray:
    """Draw two kernels on one grid and in one scale of colours, and their difference: (H, W, 3) uint8 RGB."""
    a, b = on_common_grid(load_kernel(first), load_kernel(second))
    peak = float(max(a.max(), b.max()))
    low, high = float((b - a).min()), float((b - a).max())
    return labelled_row(
        [
            (f"A: {_short(first)}", draw_kernel(a, side, caption(a), peak)),
            (f"B: {_short(second)}", draw_kernel(b, side, caption(b), peak)),
            (f"B - A, from {low:+.4f} to {high:+.4f}; red is more in B, blue in A", draw_difference(a, b, side)),
        ]
    )


def _summary(letter: str, spec: str, kernel: Tensor) -> str:
    n = measure_kernel(kernel)
    angle = "round" if n.round else f"Θ {n.theta_degrees:.1f}°"
    return (
        f"{letter}         {spec}: {n.side}x{n.side} px, λ1 {n.lambda1:.3f} px², λ2 {n.lambda2:.3f} px², "
        f"{angle}, centre of mass x {n.centre_x:+.2f}, y {n.centre_y:+.2f} px"
    )


def _short(spec: str) -> str:
    """Leave the folders of a file out."""
    return Path(spec).name
