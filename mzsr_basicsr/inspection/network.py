"""The network that is inspected, and its learning rates."""

from mzsr_basicsr.adaptation.settings import Schedule
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.inspection.choices import Choices
from mzsr_basicsr.upscaling.settings import UpscaleSettings
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained, with_signal


def load_network(upscale: UpscaleSettings) -> Pretrained:
    """Load the weights, which must be of the scale itself: nothing is resampled here.

    Raises:
        WeightsError: weights that are missing or damaged.
        ConfigError: another scale, or one that is no integer.
    """
    file = upscale.weights_file()
    loaded = load_pretrained(file)
    if not float(loaded.scale).is_integer():
        raise ConfigError(f"weights: {file} is for x{loaded.scale:g}; give one of an integer scale")
    if loaded.scale != upscale.scale:
        raise ConfigError(
            f"scale: {upscale.scale:g}, but {file} is for {loaded.scale:g}; give --scale {loaded.scale:g}, "
            f"or --weights for {upscale.scale:g} (shipped: 2, 3 and 4)"
        )
    return with_signal(loaded, upscale.signal)


def schedule(choices: Choices, loaded: Pretrained) -> tuple[Schedule, str]:
    """Choose the learning rates, and say in a few words which they are."""
    if not isinstance(choices.rates, str):
        return Schedule(steps=((0, choices.rates),)), f"{choices.rates:g} for every update and tensor"
    if loaded.rates is not None:
        return loaded.schedule, "learned with the weights, one for each tensor and update"
    first, *rest = loaded.schedule.steps
    later = " and ".join(f"{rate:g} from update {start + 1}" for start, rate in rest)
    usual = f"{first[1]:g}{', then ' * bool(rest)}{later}"
    return loaded.schedule, f"{usual}: the weights hold none that were learned for this signal"
