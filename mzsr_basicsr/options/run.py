"""Strict records of the option sections this package owns; every other layer reads these, never the raw mapping.

The `datasets` sections are in `datasets`. `parse` (strict.py) makes a record of one, or says what is wrong.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from mzsr_basicsr.options.datasets import Count, Natural, NotNegative, Record, Scale
from mzsr_basicsr.options.learner import MetaOptions
from mzsr_basicsr.options.zero_shot import ZeroShotOptions


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
    patience: Natural = 0
    progress: bool = False
    precision: Literal["auto", "float32", "mixed", "bfloat16"] = "auto"


class CommonValOptions(Record, frozen=True, kw_only=True):
    """What `val` of every model of this package has."""

    val_freq: Count = 5000
    save_img: bool = False
    suffix: str | None = None
    pbar: bool = False
    metrics: dict[str, dict[str, Any]] = {}
    comparison: bool = False


class ValOptions(CommonValOptions, frozen=True, kw_only=True):
    """`val` of MZSRModel."""

    zero_shot: ZeroShotOptions = ZeroShotOptions()


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


class CommonRunOptions(Record, frozen=True, kw_only=True):
    """What the option file of every model of this package has, with what BasicSR adds to it."""

    name: str
    model_type: str
    scale: Scale
    num_gpu: int
    network_g: dict[str, Any]
    datasets: dict[str, dict[str, Any]]
    path: PathOptions
    manual_seed: int | None = None
    plugin: str | None = None
    val: CommonValOptions = CommonValOptions()
    logger: LoggerOptions = LoggerOptions()
    dist_params: dict[str, Any] | None = None
    dist: bool = False
    rank: int = 0
    world_size: int = 1
    auto_resume: bool = False
    is_train: bool = False
    root_path: str | None = None

    def subsampling(self) -> str:
        """Give the subsampling of the data sets, which a run shares."""
        return next((s["subsampling"] for s in self.datasets.values() if "subsampling" in s), "direct")

    def quantizes(self) -> bool:
        """Tell whether training rounds LR images to 8 bits."""
        return bool(self.datasets.get("train", {}).get("quantize", False))


class RunOptions(CommonRunOptions, frozen=True, kw_only=True):
    """The whole option file of an MZSRModel run."""

    train: TrainOptions | None = None
    val: ValOptions = ValOptions()
