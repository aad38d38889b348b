"""How photographs are upscaled: every choice of `mzsr upscale` and of `mzsr_basicsr.upscale`, with its default."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from mzsr_basicsr.degradation.kernel_text import read_text
from mzsr_basicsr.degradation.names import NOT_GIVEN, check_turn, usual_subsampling
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.upscaling.allowed import PRECISIONS, between, check_effort, check_nodata, check_signal, one_of, whole
from mzsr_basicsr.upscaling.quality import NOISY, QUALITIES, Effort
from mzsr_basicsr.weights import check_is_there, check_memory_place, locate

SHIPPED = {2: "shipped:mzsr_domains_x2", 3: "shipped:mzsr_x3", 4: "shipped:mzsr_x4"}  # scale: weights
ESTIMATED = ("auto", "auto-free")  # kernels


@dataclass(frozen=True)
class UpscaleSettings:
    """Choices.

    Attributes:
        scale: output over input, 1 to 4. The weights' own scale is exact; others are resampled from it.
        kernel: "auto" (a Gaussian, a disk or a motion, estimated by KernelNet), "auto-free" (a free kernel estimated by
            it), "bicubic" (none but bicubic subsampling), or what `kernel_files.load_kernel` reads. Variances and
            sizes are in px of the weights' own scale.
        subsampling: "direct", "bicubic", or "auto": bicubic for the kernels "auto" and "bicubic", so that the result
            lies centred on the image, and direct for all others.
        kernel_turned: the kernel that is given is one of a convolution, and is turned by 180 degrees first.
        updates: gradient updates on the image itself, 0 for none; None for what the quality chooses.
        signal: what the updates learn from: "son" (the image degraded once more), "scale" (smaller copies of the
            network's own estimate), "mixed" (both), or another key of `signals.SIGNALS`; "auto": what the weights
            were meta-trained for.
        weights: a weights file or "shipped:NAME"; None chooses the shipped ones of the nearest scale.
        device: "auto", "cpu", "cuda" or "mps".
        tile: side of the parts a large image is cut into, px of the input.
        back_projection: rounds; None for what the quality chooses.
        self_ensemble: average over flips and transposes; None for what the quality chooses.
        noise: σ of the image's noise in levels of 0 to 255, or "auto" to estimate it.
        seed: of all chance.
        nodata: the value that stands for no data, whatever the file says; None for the file's. NaN and infinite pixels
            never are data.
        quality: "fast", "normal" or "best", a key of `quality.QUALITIES`: how much is done for the image.
        time_budget: seconds that the adaptation to an image may take, 0 for any number; None for what the quality
            chooses. An adaptation that it ends is not the same on every run.
        memory: a file that remembers what was learned, for later images; None for none. It is made where it is missing.
        precision: of the network's convolutions, "float32" or "bfloat16"; "auto" takes bfloat16 where the hardware has
            it and the weights were found to bear it, see `upscaling.precision`.

    Example:
        >>> settings = UpscaleSettings(scale=3, quality="best", seed=7)
        >>> settings.effort.updates, settings.effort.self_ensemble
        (100, True)
    """

    scale: float = 2.0
    kernel: str = "auto"
    subsampling: Literal["auto", "direct", "bicubic"] = "auto"
    kernel_turned: bool = False
    updates: int | None = None
    signal: str = "auto"
    weights: str | None = None
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    tile: int = 512
    back_projection: int | None = None
    self_ensemble: bool | None = None
    noise: float | Literal["auto"] = "auto"
    seed: int = 0
    nodata: float | None = None
    quality: str = "normal"
    time_budget: float | None = None
    memory: str | None = None
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Refuse values outside their range, naming the option.

        Raises:
            ConfigError: one line.
        """
        between("scale", self.scale, 1, 4)
        whole("tile", self.tile, 32, 8192)
        whole("seed", self.seed, 0, 2**63 - 1)
        if isinstance(self.noise, str) and self.noise != "auto":
            raise ConfigError(f"noise: {self.noise!r} must be auto, or a number from 0 to 100, levels of 255")
        if self.noise != "auto":
            between("noise", self.noise, 0, 100)
        check_nodata(self.nodata)
        if self.nodata is not None and not math.isfinite(self.nodata):
            object.__setattr__(self, "nodata", None)  # NaN and infinite pixels are no data by themselves
        texts = {name: getattr(self, name) for name in ("kernel", "weights", "signal", "memory")}
        for name, text in texts.items():
            if text is None and name in ("weights", "memory"):
                continue
            if not isinstance(text, str):
                raise ConfigError(f"{name}: a {type(text).__name__}; give a text, such as the path of a file")
        one_of("subsampling", self.subsampling, ("auto", "direct", "bicubic"))
        one_of("device", self.device, ("auto", "cpu", "cuda", "mps"))
        one_of("quality", self.quality, tuple(QUALITIES))
        one_of("precision", self.precision, PRECISIONS)
        check_effort(self.effort)
        check_signal(self.signal)
        if self.kernel == "internal":
            raise ConfigError(
                "kernel: internal was removed, as it cost seconds for hardly any gain; give auto, auto-free or a kernel"
            )
        check_turn(self.kernel, self.kernel_turned)

    @property
    def effort(self) -> Effort:
        """What is done for an image: the quality's choices, but for those that were made by themselves.

        Updates that are asked for are all made, unless a time budget is asked for too.
        """
        effort = QUALITIES[self.quality]
        if self.updates is not None:
            effort = replace(effort, updates=self.updates, patience=0, time_budget=0.0)
        names = ("back_projection", "self_ensemble", "time_budget")
        return replace(effort, **{name: value for name in names if (value := getattr(self, name)) is not None})

    def rounds(self, noise: float) -> int:
        """Give the rounds of back-projection for an image.

        The quality chooses none where they do harm: they add noise, and the errors of a kernel that is estimated.

        Args:
            noise: σ of the image, in levels of 0 to 255.

        Example:
            >>> best = UpscaleSettings(kernel="gaussian:2,2", quality="best")
            >>> best.rounds(noise=0.0), best.rounds(noise=10.0)
            (2, 0)
        """
        harmful = noise > NOISY or self.kernel in ESTIMATED
        return 0 if self.back_projection is None and harmful else self.effort.back_projection

    def as_record(self) -> dict[str, Any]:
        """Give every choice in plain values, those of the quality too.

        Example:
            >>> record = UpscaleSettings(quality="fast").as_record()
            >>> record["quality"], record["updates"], record["weights"]
            ('fast', 0, 'shipped:mzsr_domains_x2')
        """
        return {**asdict(self), **asdict(self.effort), "weights": self.weights_file()}

    def weights_file(self) -> str:
        """Name the weights: those asked for, or the shipped ones of the nearest scale; the larger where two are.

        Example:
            >>> [UpscaleSettings(scale=scale).weights_file() for scale in (2.9, 3.5)]
            ['shipped:mzsr_x3', 'shipped:mzsr_x4']
        """
        nearest = min(SHIPPED, key=lambda own: (abs(own - self.scale), -own))
        return self.weights or SHIPPED[nearest]

    def usual_subsampling(self) -> str:
        """Give the subsampling that is asked for, or the usual one of the kernel.

        Example:
            >>> [UpscaleSettings(kernel=kernel).usual_subsampling() for kernel in ("auto", "gaussian:2,2")]
            ['bicubic', 'direct']
        """
        return usual_subsampling(self.kernel) if self.subsampling == "auto" else self.subsampling

    def estimated_subsampling(self) -> str:
        """Give the subsampling of an estimated kernel: only a Gaussian can be told apart from bicubic's own blur.

        Raises:
            ConfigError: bicubic, beside a free kernel.

        Example:
            >>> [UpscaleSettings(kernel=kernel).estimated_subsampling() for kernel in ("auto", "auto-free")]
            ['bicubic', 'direct']
        """
        if self.kernel == "auto":
            return self.usual_subsampling()
        if self.subsampling == "bicubic":
            raise ConfigError(f"subsampling: bicubic does not go with the kernel {self.kernel}; allowed: direct, auto")
        return "direct"

    def check_before_work(self) -> None:
        """Refuse what can be refused before anything heavy is loaded: choices that do not go together, missing files.

        Raises:
            ConfigError, KernelError, WeightsError: one line.

        Example:
            >>> from mzsr_basicsr.errors import refusal
            >>> refusal(UpscaleSettings(weights="mine.pth").check_before_work)
            'mine.pth: weights file does not exist; check the path'
        """
        if self.kernel in ESTIMATED:
            self.estimated_subsampling()
        elif self.kernel != "bicubic":
            read_text(self.kernel, NOT_GIVEN)
        check_is_there(locate(self.weights_file()), "weights file")
        if self.memory is not None:
            check_memory_place(self.memory, written=self.effort.updates > 0)
