"""Meta-learning for any network: parameters are a mapping from name to Tensor, and every function is pure."""

from mzsr_basicsr.meta.learners import LEARNERS, InnerLoop, Learner, MetaGradient, maml
from mzsr_basicsr.meta.rules import RULES, Rule
from mzsr_basicsr.meta.step import MetaStep, StepReport
from mzsr_basicsr.meta.task import Lessons, Pairs, Task, network_inputs, task_loss
from mzsr_basicsr.meta.weights import query_weights

__all__ = [
    "LEARNERS",
    "RULES",
    "InnerLoop",
    "Learner",
    "Lessons",
    "MetaGradient",
    "MetaStep",
    "Pairs",
    "Rule",
    "StepReport",
    "Task",
    "maml",
    "network_inputs",
    "query_weights",
    "task_loss",
]
