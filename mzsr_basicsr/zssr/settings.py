"""How ZSSR learns one image."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ZSSRSettings:
    """How ZSSR learns one image: its paper, section 3; the figures that the paper leaves open are its released code's.

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
        signal: what is learned from: "son", the fathers and their sons; "mixed", from `estimate_from` on a copy of the
            network's own estimate in every second update, by chance; "scale", in all of them.
        estimate_from: updates before the first from an estimate; None for half of them.
        gradual: scales that are learned before the last one, rising; each result joins the HR examples.
        son_noise: σ of noise added to the sons, in [0, 1] intensity.
        quantize_son: round the sons to 8 bits, as the image itself was.
        back_projection: rounds of back-projection, of every flip's result and of their median.
        self_ensemble: take the median over the flips and transposes that leave the kernel as it is.
        precision: of the convolutions in training, "float32" or "bfloat16".
        seed: of crops, flips and noise.

    Example:
        >>> settings = ZSSRSettings(updates=(500, 3000), gradual=(1.5,), precision="bfloat16")
        >>> max(settings.updates), settings.rate, settings.fathers[0]
        (3000, 0.001, 1.0)
    """

    updates: tuple[int, ...] = (3000,)
    rate: float = 1e-3
    last_rate: float = 1e-6
    measure_every: int = 50
    check_every: int = 60
    window: int = 256
    steadiness: float = 1.5
    crop: int = 128
    fathers: tuple[float, ...] = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
    signal: str = "son"
    estimate_from: int | None = None
    gradual: tuple[float, ...] = ()
    son_noise: float = 0.0
    quantize_son: bool = False
    back_projection: int = 10
    self_ensemble: bool = True
    precision: str = "float32"
    seed: int = 0
