"""How ZSSR learns one image, and the option file of a ZSSRModel."""

from typing import Literal

from mzsr_basicsr.data_options import Count, Natural, NotNegative, Positive, Record, Scale
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.options import CommonRunOptions, CommonValOptions


class ZSSRSettings(Record, frozen=True, kw_only=True):
    """`val.zssr`: ZSSR's paper, section 3; the figures that the paper leaves open are its released code's.

    Attributes:
        updates: after how many updates a result is wanted; the largest bounds the training.
        rate: Adam's learning rate at the start.
        last_rate: the training ends when the rate falls below.
        measure_every: updates between two measurements of the reconstruction error.
        check_every: updates between two looks at the line fitted to it.
        window: updates the line is fitted over, and at least between two changes of the rate.
        steadiness: the rate is divided by ten where the slope's standard error is above so many times its fall.
        crop: side of the HR crops, px.
        fathers: sizes of the HR examples, relative to the image, each at most 1.
        gradual: scales that are learned before the last one, rising; each result joins the HR examples.
        son_noise: σ of noise added to the sons, in [0, 1] intensity.
        quantize_son: round the sons to 8 bits, as the image itself was.
        back_projection: rounds of back-projection, of every flip's result and of their median.
        self_ensemble: take the median over the flips and transposes that leave the kernel as it is.
        precision: of the convolutions in training.
        seed: of crops, flips and noise.
    """

    updates: tuple[Natural, ...] = (3000,)
    rate: Positive = 1e-3
    last_rate: Positive = 1e-6
    measure_every: Count = 50
    check_every: Count = 60
    window: Count = 256
    steadiness: Positive = 1.5
    crop: Count = 128
    fathers: tuple[Positive, ...] = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
    gradual: tuple[Scale, ...] = ()
    son_noise: NotNegative = 0.0
    quantize_son: bool = False
    back_projection: Natural = 10
    self_ensemble: bool = True
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: Natural = 0


class ZSSRValOptions(CommonValOptions, frozen=True, kw_only=True):
    """`val` of ZSSRModel."""

    zssr: ZSSRSettings = ZSSRSettings()


class ZSSRRunOptions(CommonRunOptions, frozen=True, kw_only=True):
    """The whole option file of a ZSSRModel run; there is no `train`, since every image is trained on by itself."""

    val: ZSSRValOptions = ZSSRValOptions()


def check_settings(settings: ZSSRSettings, scale: float, section: str) -> None:
    """Check what one key of the settings alone does not show.

    Args:
        settings: see `ZSSRSettings`.
        scale: magnification of the run.
        section: where they stand in the option file.

    Raises:
        ConfigError: naming the key.
    """
    if not settings.updates:
        raise ConfigError(f"{section}.updates: is empty; give at least one number, as [3000]")
    if not settings.fathers or max(settings.fathers) > 1:
        raise ConfigError(f"{section}.fathers: {list(settings.fathers)}; allowed: sizes above 0 and up to 1, as [1.0]")
    steps = [1.0, *settings.gradual, scale]
    if sorted(set(steps)) != steps:
        raise ConfigError(f"{section}.gradual: {list(settings.gradual)} must rise, between 1 and the scale {scale:g}")
