"""The meta-step of a training: its learner by `train.meta`, and what a task is adapted to by."""

from torch import nn

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.meta import OUTERS, STARTS, Lessons, MetaLearner, MetaStep, Start, Task
from mzsr_basicsr.meta.lstm import LSTMRule
from mzsr_basicsr.meta.starts import Domains, Experts
from mzsr_basicsr.meta.task import PixelLoss
from mzsr_basicsr.meta.teaching import Teach, by_pairs
from mzsr_basicsr.options.learner import MetaOptions, StartOptions, choices_of
from mzsr_basicsr.options.zero_shot import manner_settings
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of
from mzsr_basicsr.weights.clusters import load_clusters
from mzsr_basicsr.weights.task_embedding import load_embedding


def manner_of_training(meta: MetaOptions) -> Manner:
    """Give the manner of updates that is trained for.

    Raises:
        ConfigError: a name is unknown, or choices do not go together.
    """
    rule = choices_of(meta).rule
    return manner_settings(meta.signal, "gradient" if rule == "learned_rates" else rule, "train.meta")


def build_step(
    network: nn.Module, meta: MetaOptions, pixel_loss: PixelLoss, quantize: bool, mixed: bool = False
) -> MetaStep:
    """Build the meta-step around a network.

    Args:
        network: that is trained.
        meta: `train.meta`.
        pixel_loss: of both loops.
        quantize: LR images that a signal makes are rounded to 8 bits, as the data set's are.
        mixed: see `MetaStep`.
    """
    manner, choices = manner_of_training(meta), choices_of(meta)
    teach = by_pairs if manner.signal.name == "son" else by_signal(manner.signal, quantize)
    return MetaStep(
        network,
        OUTERS[choices.outer],
        pixel_loss,
        meta.steps(),
        meta.inner_rate,
        learn_rates=False if choices.rates == "fixed" else choices.rates,
        recompute=meta.recompute,
        teach=teach,
        before=meta.before,
        learner=build_learner(network, meta),
        truncate=meta.truncate,
        mixed=mixed,
    )


def build_learner(network: nn.Module, meta: MetaOptions) -> MetaLearner:
    """Build start, scope and rule.

    Raises:
        ConfigError, WeightsError: a scope that is not the network's, or files that a start needs.
    """
    choices, rule = choices_of(meta), meta.rule_options()
    made = LSTMRule(rule.hidden) if rule.type == "lstm" else rule.type
    return MetaLearner(network, build_start(network, meta.start_options()), choices.scope, made)


def build_start(network: nn.Module, options: StartOptions) -> Start:
    """Build a start: new, with the embedding of a file."""
    kind = STARTS[options.type]
    if not kind.looks:
        return kind(network)
    if issubclass(kind, Domains):
        raise ConfigError("train.meta.start: domains are trained apart and joined by `mzsr weights join`; give another")
    if issubclass(kind, Experts):
        if options.clusters is None:
            raise ConfigError("train.meta.start.clusters: required for experts; give a file of `mzsr tasks cluster`")
        clusters = load_clusters(options.clusters)
        start = kind(network, clusters.embedding, count=len(clusters.centres))
        start.centres.copy_(clusters.centres)
        return start
    sizes = {"memory": {"size": options.size}, "hypernetwork": {"hidden": options.hidden}}
    return kind(network, load_embedding(options.embedding), **sizes.get(options.type, {}))


def by_signal(settings: SignalSettings, quantize: bool) -> Teach:
    """Adapt as the test does: a signal makes the lessons of an internal task from its LR image."""

    def teach(network: nn.Module, task: Task, pixel_loss: PixelLoss) -> Lessons:
        told = task.degradation
        made = told if task.made is None else task.made
        image = task.support.gt  # the LR image: an internal task's son is paired with it
        scene = Scene(network, image, made.to(image), told.to(image), pixel_loss, quantize, seed=task.seed)
        return lessons_of(scene, settings)

    return teach
