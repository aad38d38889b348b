"""The option file of a benchmark as strict records: methods, data sets, kernels, scales."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from mzsr_basicsr.options.datasets import Count, Positive, Record, Scale, Subsampling
from mzsr_basicsr.options.zero_shot import ZeroShotOptions
from mzsr_basicsr.options.zssr import ZSSROptions

KernelChoice = Literal["known", "auto", "bicubic"]
Weights = str | dict[float, str]  # for all scales, or by scale; {dataset} and {kernel} in a file's name are replaced


class DatasetOptions(Record, frozen=True, kw_only=True):
    """`datasets.NAME`: a folder of HR images, and maybe folders of published LR images by kernel."""

    gt: str
    lq: dict[str, str] = {}


class KernelOptions(Record, frozen=True, kw_only=True):
    """An entry of `kernels` that is no name of a test kernel of the paper."""

    name: str
    kernel: str
    subsampling: Subsampling = "direct"
    scale: Scale | None = None


class BicubicOptions(Record, frozen=True, kw_only=True):
    """`methods.LABEL` of type `bicubic`: plain upscaling."""

    type: Literal["bicubic"]


class NetworkOptions(Record, frozen=True, kw_only=True):
    """`methods.LABEL` of type `network`: a network of BasicSR with its weights; `zero_shot` adapts it to each image."""

    type: Literal["network"]
    weights: Weights
    network_g: dict[str, Any] | None = None
    param_key: str | None = None
    zero_shot: ZeroShotOptions | None = None
    kernel: KernelChoice = "known"


class MZSROptions(Record, frozen=True, kw_only=True):
    """`methods.LABEL` of type `mzsr`: our networks and their learned rates, by default those that ship.

    `learner: false` leaves out what the weights file says of where adaptation starts. With `memory` an image begins
    with what the other images of its data set have taught.
    """

    type: Literal["mzsr"]
    weights: Weights = msgspec.field(default_factory=lambda: {float(s): f"shipped:mzsr_x{s}" for s in (2, 3, 4)})
    network_g: dict[str, Any] | None = None
    param_key: str | None = None
    zero_shot: ZeroShotOptions = ZeroShotOptions(rates="learned", quantize_son=True)
    kernel: KernelChoice = "known"
    learner: bool = True
    memory: bool = False


class ZSSRMethodOptions(ZSSROptions, frozen=True, kw_only=True):
    """`methods.LABEL` of type `zssr`: see `ZSSRSettings`; `network_g` starts from random weights."""

    type: Literal["zssr"]
    network_g: dict[str, Any] = msgspec.field(
        default_factory=lambda: {"type": "MZSRNet", "num_feat": 64, "num_conv": 8}
    )
    kernel: KernelChoice = "known"


class EnsembleOptions(Record, frozen=True, kw_only=True):
    """`methods.LABEL` of type `ensemble`: the mean of the SR images of other methods, by their labels."""

    type: Literal["ensemble"]
    of: list[str]


SingleOptions = BicubicOptions | NetworkOptions | MZSROptions | ZSSRMethodOptions
MethodOptions = SingleOptions | EnsembleOptions
METHODS: dict[str, type[Record]] = {
    "bicubic": BicubicOptions,
    "network": NetworkOptions,
    "mzsr": MZSROptions,
    "zssr": ZSSRMethodOptions,
    "ensemble": EnsembleOptions,
}


class BenchmarkOptions(Record, frozen=True, kw_only=True):
    """The whole file: every method is measured on every data set with every kernel at every scale.

    Attributes:
        name: results land in `output`/name.
        output: folder.
        datasets: by name, a folder of HR images, or a section with published LR images.
        kernels: names of the paper's test kernels, or sections.
        scales: None: every kernel's own; else each kernel is used at each of them.
        methods: by label; `type` may be left out where the label is one.
        metrics: "psnr" and "ssim" are the paper's; others are pyiqa's.
        published: a table of the paper to print beside; see `published.names`.
        reference: label of the method whose last column the others are tested against; None: the last method.
        seed: of random weights.
        imports: modules that register networks of yours; they are looked for in the current folder, too.
        jobs: processes side by side.
        device: "auto", "cpu" or "cuda".
        page_mb: most that the HTML page may take, in MB; its gallery shows as many images as fit.
    """

    name: str
    datasets: dict[str, str | DatasetOptions]
    kernels: list[str | KernelOptions]
    methods: dict[str, dict[str, Any] | None]
    output: str = "benchmark_results"
    scales: list[Scale] | None = None
    metrics: list[str] = msgspec.field(default_factory=lambda: ["psnr", "ssim"])
    published: str | None = None
    reference: str | None = None
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 0
    imports: list[str] = []
    jobs: Count = 1
    device: Literal["auto", "cpu", "cuda"] = "auto"
    page_mb: Positive = 24.0
