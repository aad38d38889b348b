"""What `mzsr export` is asked for: whether it can be done, before any work.

This module imports the standard library alone, so that a command line is checked before anything heavy is loaded.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.jobs.outputs import check_output
from mzsr_basicsr.pictures.kinds import check_is_there
from mzsr_basicsr.upscaling.settings import ESTIMATED, UpscaleSettings
from mzsr_basicsr.weights import locate

ENDINGS = (".onnx", ".pt")
_NEEDED = ("onnx", "onnxscript", "onnxruntime")  # to write ONNX, and to try what was written


@dataclass(frozen=True)
class ExportChoices:
    """Choices.

    Attributes:
        output: the file to write; its ending says which format.
        upscale: weights, kernel, noise, updates and back-projection.
        scale: that the weights must have; None for whatever they have.
        image: of the camera or scanner, to adapt to and to estimate from; None to export the network as it is.
        uint8: take and give 8 bits, the channels last.
        overwrite: replace an output that is there.
    """

    output: Path
    upscale: UpscaleSettings
    scale: float | None = None
    image: Path | None = None
    uint8: bool = False
    overwrite: bool = False

    def check(self) -> None:
        """Refuse what can be refused before anything heavy is loaded.

        Raises:
            MZSRError: one line.
        """
        if self.image is None and self.upscale.kernel in ESTIMATED:
            raise ConfigError(
                f"kernel: {self.upscale.kernel} is estimated from an image; give --image FILE of the camera or "
                "scanner, or a kernel such as gaussian:2,2 or bicubic"
            )
        if self.image is None and self.upscale.updates:
            raise ConfigError(f"updates: {self.upscale.updates} need an image to learn from; give --image FILE")
        self.upscale.check_before_work()
        inputs = [Path(locate(self.upscale.weights_file())), Path(self.upscale.kernel)]
        if self.image is not None:
            check_is_there(self.image)
            inputs.append(self.image)
        check_output(self.output, ENDINGS, inputs, self.overwrite)
        missing = [name for name in _NEEDED if find_spec(name) is None] if self.onnx else []
        if missing:
            raise ConfigError(
                f"export: ONNX needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed "
                "here; run: pip install 'mzsr_basicsr[export]', or give an output that ends with .pt"
            )

    @property
    def onnx(self) -> bool:
        """Whether ONNX is written, not TorchScript."""
        return self.output.suffix.lower() == ".onnx"
