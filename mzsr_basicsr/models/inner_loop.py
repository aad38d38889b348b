"""The meta-step of a training: its inner loop by `train.meta`, and what a task is adapted to by."""

from torch import nn

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import LEARNERS, RULES, Lessons, MetaStep, Task
from mzsr_basicsr.meta.rules import LINEAR
from mzsr_basicsr.meta.step import Teach, by_pairs
from mzsr_basicsr.meta.task import PixelLoss
from mzsr_basicsr.options.run import MetaOptions
from mzsr_basicsr.options.zero_shot import manner_settings
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of


def manner_of_training(meta: MetaOptions) -> Manner:
    """Give the manner of updates that is trained for.

    Raises:
        ConfigError: a name is unknown, or order 2 does not go with the rule.
    """
    manner = manner_settings(meta.signal, meta.rule, "train.meta")
    if meta.order == 2 and meta.inner_steps and meta.rule not in LINEAR:
        raise ConfigError(
            f"train.meta.order: 2 differentiates through the steps, and those of the rule {meta.rule} are taken as "
            "constants; give order: 1, or rule: gradient"
        )
    return manner


def build_step(network: nn.Module, meta: MetaOptions, pixel_loss: PixelLoss, quantize: bool) -> MetaStep:
    """Build the meta-step around a network.

    Args:
        network: that is trained.
        meta: `train.meta`.
        pixel_loss: of both loops.
        quantize: LR images that a signal makes are rounded to 8 bits, as the data set's are.
    """
    manner = manner_of_training(meta)
    inner = (meta.inner_steps, meta.inner_rate, meta.learn_rates, meta.order, meta.recompute)
    teach = by_pairs if manner.signal.name == "son" else by_signal(manner.signal, quantize)
    return MetaStep(network, LEARNERS[meta.learner], pixel_loss, *inner, RULES[manner.rule], teach, meta.before)


def by_signal(settings: SignalSettings, quantize: bool) -> Teach:
    """Adapt as the test does: a signal makes the lessons of an internal task from its LR image."""

    def teach(network: nn.Module, task: Task, pixel_loss: PixelLoss) -> Lessons:
        told = task.degradation
        made = told if task.made is None else task.made
        image = task.support.gt  # the LR image: an internal task's son is paired with it
        scene = Scene(network, image, made.to(image), told.to(image), pixel_loss, quantize, seed=task.seed)
        return lessons_of(scene, settings)

    return teach
