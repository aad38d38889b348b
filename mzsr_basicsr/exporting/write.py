"""A module written as ONNX or TorchScript, with what it says about itself."""

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from mzsr_basicsr import __version__
from mzsr_basicsr.exporting.about import NAMES

EXTRA = "mzsr.json"  # of TorchScript's extra files: what the file says about itself
_OPSET = 20


def example(uint8: bool) -> Tensor:
    """Give an image batch that an export is traced with; each extent is a number of its own."""
    image = torch.rand(2, 3, 40, 52, generator=torch.Generator().manual_seed(0))
    return (255 * image).to(torch.uint8).permute(0, 2, 3, 1).contiguous() if uint8 else image


def write_onnx(module: nn.Module, image: Tensor, about: Mapping[str, str], path: Path) -> None:
    """Write ONNX of any batch and size.

    Args:
        module: maps an image batch to another.
        image: an example, see `example`.
        about: texts by name.
        path: of the file.
    """
    import onnx

    channels_last = image.dtype == torch.uint8
    extents = {0: "batch", **({1: "height", 2: "width"} if channels_last else {2: "height", 3: "width"})}
    sizes = {axis: torch.export.Dim(name, min=1 if axis == 0 else 2) for axis, name in extents.items()}
    with quiet():
        made = torch.onnx.export(
            module,
            (image,),
            dynamo=True,
            opset_version=_OPSET,
            dynamic_shapes=(sizes,),
            input_names=NAMES[:1],
            output_names=NAMES[1:],
            verbose=False,
        )
    if made is None:
        raise RuntimeError("torch.onnx.export gave nothing")
    content: onnx.ModelProto = made.model_proto
    for axis, name in extents.items():
        shown = name if axis == 0 else f"{about['scale']}*{name}"
        content.graph.output[0].type.tensor_type.shape.dim[axis].dim_param = shown
    content.producer_name, content.producer_version = "mzsr_basicsr", __version__
    content.doc_string = about["degradation"]
    onnx.helper.set_model_props(content, dict(about))
    onnx.checker.check_model(content)
    path.write_bytes(content.SerializeToString())


def write_torchscript(module: nn.Module, image: Tensor, about: Mapping[str, str], path: Path) -> None:
    """Write TorchScript of any batch and size; see `write_onnx`."""
    made = io.BytesIO()
    with quiet(), torch.no_grad():
        traced = torch.jit.trace(module, image)
        torch.jit.save(traced, made, _extra_files={EXTRA: json.dumps(dict(about), indent=1).encode()})
    path.write_bytes(made.getbuffer())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what tracing says to developers from people: its deprecations, and each Python number it meets."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
