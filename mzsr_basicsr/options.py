"""Strict records of the option sections this package owns; every other layer reads these, never the raw mapping.

`parse` (strict.py) makes a record of a section, or says what is wrong with it.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

DEFAULT_LENGTH = 1_000_000  # tasks in the one virtual epoch of a training set
Count = Annotated[int, Meta(ge=1)]
Natural = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Scale = Annotated[float, Meta(ge=1)]
Subsampling = Literal["direct", "bicubic"]
Range = tuple[NotNegative, NotNegative]


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all records: immutable, and an unknown key is an error."""


class LawOptions(Record, frozen=True, kw_only=True):
    """`kernel_law`: the law p(k) of training kernels; variances in px², angles in radians."""

    size: Count = 15
    lambda1: Range | None = None  # None: the paper's U(1, 2.5 s)
    lambda2: tuple[NotNegative, NotNegative | None] = (1.0, None)  # None: up to the λ1 that was drawn
    theta: tuple[float, float] = (0.0, 3.141592653589793)
    log_uniform: bool = False


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
    """What both training sets share."""

    batch_size_per_gpu: Count
    num_worker_per_gpu: Natural
    gt_size: Count = 64
    augment: bool = True
    seed: Natural = 0
    length: Count = DEFAULT_LENGTH
    cache_mb: Natural = 0


class MetaDatasetOptions(TaskSetOptions, frozen=True, kw_only=True):
    """`datasets.train` of KernelMetaDataset: one item is one task."""

    task: Literal["external", "internal"] = "external"
    support: Count = 8
    query: Count = 8
    scales: list[Scale] | None = None
    subsampling: Subsampling = "direct"
    kernel_law: LawOptions = LawOptions()
    noise: Range = (0.0, 0.0)


class PairDatasetOptions(TaskSetOptions, frozen=True, kw_only=True):
    """`datasets.train` of DegradedPairDataset (stage 1): LR patches are made from HR patches on the fly."""

    kernel: str = "delta"
    subsampling: Subsampling = "bicubic"
    noise_sigma: NotNegative = 0.0


class ZeroShotDatasetOptions(LoaderOptions, frozen=True, kw_only=True):
    """`datasets.val*` and `datasets.test*` of ZeroShotDataset."""

    dataroot_lq: str | list[str] | None = None
    kernel: str | None = None
    kernel_folder: str | None = None
    subsampling: Subsampling = "direct"
    noise_sigma: NotNegative = 0.0
    quantize: bool = True
    seed: Natural = 0


class MetaOptions(Record, frozen=True, kw_only=True):
    """`train.meta`: the meta-transfer step (paper, section 3.3)."""

    learner: str = "maml"
    inner_steps: Natural = 5
    inner_rate: Positive = 1e-2
    learn_rates: bool = False
    rates_lr: Positive = 1e-3
    order: Literal[1, 2] = 2
    recompute: bool = False
    loss_weights: Literal["uniform", "annealed", "last"] = "uniform"


class TrainOptions(Record, frozen=True, kw_only=True):
    """`train` of MZSRModel."""

    total_iter: Count
    optim_g: dict[str, Any]
    scheduler: dict[str, Any]
    pixel_opt: dict[str, Any]
    meta: MetaOptions
    ema_decay: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    warmup_iter: int = -1
    clip_grad_norm: NotNegative = 0.0
    time_budget: NotNegative = 0.0
    progress: bool = False


class ZeroShotOptions(Record, frozen=True, kw_only=True):
    """`val.zero_shot`: the meta-test (paper, section 3.4)."""

    updates: tuple[Natural, ...] = (0, 1, 10)
    rates: tuple[tuple[Natural, Positive], ...] | Literal["learned"] = ((0, 2e-2), (1, 1e-2), (4, 5e-3))
    son_noise: NotNegative = 0.0
    back_projection: Natural = 0
    self_ensemble: bool = False
    early_stop: Natural = 0
    seed: Natural = 0


class ValOptions(Record, frozen=True, kw_only=True):
    """`val` of MZSRModel."""

    val_freq: Count = 5000
    save_img: bool = False
    suffix: str | None = None
    pbar: bool = False
    metrics: dict[str, dict[str, Any]] = {}
    zero_shot: ZeroShotOptions = ZeroShotOptions()
    comparison: bool = False


class PathOptions(Record, frozen=True, kw_only=True):
    """`path`: BasicSR adds the folders itself."""

    pretrain_network_g: str | None = None
    param_key_g: str | None = None
    strict_load_g: bool = True
    ignore_resume_networks: list[str] | None = None
    resume_state: str | None = None
    root: str | None = None
    experiments_root: str | None = None
    models: str | None = None
    training_states: str | None = None
    log: str | None = None
    visualization: str | None = None
    results_root: str | None = None


class LoggerOptions(Record, frozen=True, kw_only=True):
    """`logger` of BasicSR."""

    print_freq: Count = 100
    save_checkpoint_freq: Count = 5000
    use_tb_logger: bool = True
    wandb: dict[str, Any] | None = None


class RunOptions(Record, frozen=True, kw_only=True):
    """The whole option file of an MZSRModel run, with what BasicSR adds to it."""

    name: str
    model_type: str
    scale: Scale
    num_gpu: int
    network_g: dict[str, Any]
    datasets: dict[str, dict[str, Any]]
    path: PathOptions
    manual_seed: int | None = None
    plugin: str | None = None
    train: TrainOptions | None = None
    val: ValOptions = ValOptions()
    logger: LoggerOptions = LoggerOptions()
    dist_params: dict[str, Any] | None = None
    dist: bool = False
    rank: int = 0
    world_size: int = 1
    auto_resume: bool = False
    is_train: bool = False
    root_path: str | None = None
