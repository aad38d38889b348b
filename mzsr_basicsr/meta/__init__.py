"""Meta-learning for any network: parameters are a mapping from name to Tensor, and every function is pure."""

from mzsr_basicsr.meta.adjoint import maml
from mzsr_basicsr.meta.family import LEARNERS, Choices
from mzsr_basicsr.meta.inner import InnerLoop, MetaGradient, Outer
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.outer import OUTERS
from mzsr_basicsr.meta.report import StepReport
from mzsr_basicsr.meta.rules import RULES, Rule
from mzsr_basicsr.meta.scopes import SCOPES, Scope
from mzsr_basicsr.meta.starts import STARTS, Start, View
from mzsr_basicsr.meta.step import MetaStep
from mzsr_basicsr.meta.task import Lessons, Pairs, Task, network_inputs, task_loss
from mzsr_basicsr.meta.weights import query_weights

__all__ = [
    "LEARNERS",
    "OUTERS",
    "RULES",
    "SCOPES",
    "STARTS",
    "Choices",
    "InnerLoop",
    "Lessons",
    "MetaGradient",
    "MetaLearner",
    "MetaStep",
    "Outer",
    "Pairs",
    "Rule",
    "Scope",
    "Start",
    "StepReport",
    "Task",
    "View",
    "maml",
    "network_inputs",
    "query_weights",
    "task_loss",
]
