"""Learned inner rates, and a meta-learner's own parameters: where they start, and what the log says of them."""

from basicsr.utils import get_root_logger
from torch import Tensor

from mzsr_basicsr.meta import RULES, MetaLearner, MetaStep


def start_rates(step: MetaStep, rates: Tensor, rule: str) -> None:
    """Start the learned rates from those of the weights file, where they are as many; the log says if they are not.

    Those of another rule of steps are of another size, and left alone.

    Args:
        step: whose rates are learned.
        rates: (updates, trainable tensors), of the file; none where it was trained without inner steps.
        rule: that the file's rates are for.
    """
    if step.learner.rule is not RULES.get(rule):
        get_root_logger().info(
            f"The weights file's rates are for the rule {rule}; they start from train.meta.inner_rate"
        )
    elif rates.shape == step.log_rates.shape:
        step.log_rates.data.copy_(rates.log())
    elif len(rates):
        of_the_file, own = ("x".join(map(str, shape)) for shape in (rates.shape, step.log_rates.shape))
        get_root_logger().warning(
            f"train.meta.learn_rates: the weights file has {of_the_file} rates (inner steps x tensors), this training "
            f"{own}; they start from train.meta.inner_rate"
        )


def start_learner(step: MetaStep, learner: MetaLearner | None) -> None:
    """Start the parameters of start and rule from those of the weights file, where it has them of the same kind."""
    own = step.learner.state_dict()
    if learner is None or not step.learner.own():
        return
    found = learner.state_dict()
    if {name: value.shape for name, value in found.items()} == {name: value.shape for name, value in own.items()}:
        step.learner.load_state_dict(found)
    else:
        get_root_logger().warning("train.meta: the weights file has another meta-learner; this one starts anew")


def rates_for_the_log(step: MetaStep) -> dict[str, float]:
    """Give the smallest, the mean and the largest inner rate where they are learned, or nothing."""
    if not step.learns_rates or not step.log_rates.numel():
        return {}
    rates = step.log_rates.detach().exp()
    return {"rate_min": float(rates.min()), "rate_mean": float(rates.mean()), "rate_max": float(rates.max())}
