"""Strict records of the `datasets` sections of an option file; see `options` for the rest."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

VAL_SEED = 1000  # of validation tasks; not the training's, so that their kernels are others, too
DEFAULT_LENGTH = 1_000_000  # tasks in the one virtual epoch of a training set
Count = Annotated[int, Meta(ge=1)]
Natural = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Scale = Annotated[float, Meta(ge=1)]
WholeScale = Annotated[int, Meta(ge=1)]
Subsampling = Literal["direct", "bicubic"]
Range = tuple[NotNegative, NotNegative]
Share = Annotated[float, Meta(ge=0, le=1)]


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all records: immutable, and an unknown key is an error."""


class LawOptions(Record, frozen=True, kw_only=True):
    """`kernel_law`: the law p(k) of training kernels; variances in px², angles in radians."""

    size: Count = 15
    lambda1: Range | None = None  # None: the paper's U(1, 2.5 s)
    lambda2: tuple[NotNegative, NotNegative | None] = (1.0, None)  # None: up to the λ1 that was drawn
    theta: tuple[float, float] = (0.0, 3.141592653589793)
    log_uniform: bool = False
    shapes: Share | dict[str, Share] = 0.0  # of all, or by name
    bicubic: Share = 0.0
    misstated: Share = 0.0
    misstatement: Range = (0.6, 1.6)


class BackendOptions(Record, frozen=True, kw_only=True):
    """`io_backend`: folders of image files, or LMDB files made by BasicSR."""

    type: Literal["disk", "lmdb"] = "disk"


class LoaderOptions(Record, frozen=True, kw_only=True):
    """What BasicSR reads of every dataset section."""

    name: str
    type: str
    phase: str
    scale: Scale
    dataroot_gt: str | list[str] | None = None
    io_backend: BackendOptions = BackendOptions()
    prefetch_mode: Literal["cpu", "cuda"] | None = None
    num_prefetch_queue: Count = 1
    pin_memory: bool = False
    persistent_workers: bool = False


class TaskSetOptions(LoaderOptions, frozen=True, kw_only=True):
    """What the training sets share; `drawn` is the share of HR patches that are drawn graphics."""

    batch_size_per_gpu: Count
    num_worker_per_gpu: Natural
    gt_size: Count = 64
    augment: bool = True
    part: tuple[Share, Share] = (0.0, 1.0)  # of the sorted photographs
    drawn: Share = 0.0
    seed: Natural = 0
    length: Count = DEFAULT_LENGTH
    cache_mb: Natural = 0


class MetaDatasetOptions(TaskSetOptions, frozen=True, kw_only=True):
    """`datasets.train` of KernelMetaDataset: one item is one task."""

    task: Literal["external", "internal"] = "external"
    support: Natural = 8
    query: Count = 8
    scales: list[Scale] | None = None
    subsampling: Subsampling = "direct"
    kernel_law: LawOptions = LawOptions()
    noise: Range = (0.0, 0.0)
    noisy: Share = 1.0
    blind: bool = False
    quantize: bool = False


class ValTaskOptions(MetaDatasetOptions, frozen=True, kw_only=True):
    """`datasets.val_tasks`: tasks that are the same at every validation; BasicSR validates one after the other."""

    batch_size_per_gpu: Literal[1] = 1
    num_worker_per_gpu: Literal[0] = 0
    seed: Natural = VAL_SEED
    length: Count = 16


class PairDatasetOptions(TaskSetOptions, frozen=True, kw_only=True):
    """`datasets.train` of DegradedPairDataset (stage 1): LR patches are made from HR patches on the fly."""

    kernel: str = "delta"
    subsampling: Subsampling = "bicubic"
    noise_sigma: NotNegative = 0.0


class BlurredPatchOptions(TaskSetOptions, frozen=True, kw_only=True):
    """`datasets.train` of BlurredPatchDataset; `kernel_law` is written for scale 2."""

    lq_size: Count = 64
    scales: tuple[Scale, ...] = (2.0,)
    kernel_law: LawOptions
    enlarged: Share = 0.0
    enlargement: Range = (1.3, 3.5)
    noisy: Share = 0.0
    noise: Range = (0.0, 0.02)
    jpeg: Share = 0.0
    jpeg_quality: tuple[Count, Count] = (60, 95)


class TaskViewsOptions(TaskSetOptions, frozen=True, kw_only=True):
    """`datasets.train` of TaskViewsDataset; `kernel_law` is written for scale 2."""

    lq_size: Count = 32
    patches: Count = 4
    kernels: Count = 2
    contents: Count = 2
    scales: tuple[WholeScale, ...] = (2,)
    kernel_law: LawOptions
    noise: Range = (0.0, 0.0)
    noisy: Share = 1.0


class ZeroShotDatasetOptions(LoaderOptions, frozen=True, kw_only=True):
    """`datasets.val*` and `datasets.test*` of ZeroShotDataset."""

    dataroot_lq: str | list[str] | None = None
    kernel: str | None = None
    kernel_folder: str | None = None
    told_kernel: str | None = None
    subsampling: Subsampling = "direct"
    noise_sigma: NotNegative = 0.0
    quantize: bool = True
    seed: Natural = 0
