"""The option file of a ZSSRModel; see `ZSSRSettings` for what the keys mean."""

from typing import Literal

from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options.datasets import Count, Natural, NotNegative, Positive, Record, Scale
from mzsr_basicsr.options.run import CommonRunOptions, CommonValOptions
from mzsr_basicsr.zssr.settings import ZSSRSettings

_DEFAULTS = ZSSRSettings()


class ZSSROptions(Record, frozen=True, kw_only=True):
    """`val.zssr`: the fields of `ZSSRSettings` with the values they may have."""

    updates: tuple[Natural, ...] = _DEFAULTS.updates
    rate: Positive = _DEFAULTS.rate
    last_rate: Positive = _DEFAULTS.last_rate
    measure_every: Count = _DEFAULTS.measure_every
    check_every: Count = _DEFAULTS.check_every
    window: Count = _DEFAULTS.window
    steadiness: Positive = _DEFAULTS.steadiness
    crop: Count = _DEFAULTS.crop
    fathers: tuple[Positive, ...] = _DEFAULTS.fathers
    signal: Literal["son", "scale", "mixed"] = "son"
    estimate_from: Natural | None = _DEFAULTS.estimate_from
    gradual: tuple[Scale, ...] = _DEFAULTS.gradual
    son_noise: NotNegative = _DEFAULTS.son_noise
    quantize_son: bool = _DEFAULTS.quantize_son
    back_projection: Natural = _DEFAULTS.back_projection
    self_ensemble: bool = _DEFAULTS.self_ensemble
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: Natural = _DEFAULTS.seed


class ZSSRValOptions(CommonValOptions, frozen=True, kw_only=True):
    """`val` of ZSSRModel."""

    zssr: ZSSROptions = ZSSROptions()


class ZSSRRunOptions(CommonRunOptions, frozen=True, kw_only=True):
    """The whole option file of a ZSSRModel run; there is no `train`, since every image is trained on by itself."""

    val: ZSSRValOptions = ZSSRValOptions()


def zssr_settings(options: ZSSROptions, scale: float, section: str) -> ZSSRSettings:
    """Make the settings of ZSSR, and check what one key alone does not show.

    Args:
        options: see `ZSSRSettings`.
        scale: magnification of the run.
        section: where they stand in the option file.

    Raises:
        ConfigError: naming the key.
    """
    if not options.updates:
        raise ConfigError(f"{section}.updates: is empty; give at least one number, as [3000]")
    if not options.fathers or max(options.fathers) > 1:
        raise ConfigError(f"{section}.fathers: {list(options.fathers)}; allowed: sizes above 0 and up to 1, as [1.0]")
    if options.signal != "son" and (options.estimate_from or 0) >= max(options.updates) > 0:
        raise ConfigError(
            f"{section}.estimate_from: {options.estimate_from}, but only {max(options.updates)} updates are made; give "
            "a smaller number, or leave it out for half of them"
        )
    steps = [1.0, *options.gradual, scale]
    if sorted(set(steps)) != steps:
        raise ConfigError(f"{section}.gradual: {list(options.gradual)} must rise, between 1 and the scale {scale:g}")
    return ZSSRSettings(**{name: getattr(options, name) for name in ZSSRSettings.__dataclass_fields__})
