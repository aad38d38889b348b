"""How an MZSRModel saves itself and goes on exactly where it stopped."""

import copy
from typing import Any

from basicsr.models.sr_model import SRModel
from basicsr.utils.dist_util import master_only
from torch import nn

from mzsr_basicsr.data import task_stream
from mzsr_basicsr.meta import MetaStep
from mzsr_basicsr.models.progress import TrainingClock
from mzsr_basicsr.options.run import RunOptions
from mzsr_basicsr.weights.files import save_atomically


class ResumableModel(SRModel):
    """An SRModel whose files appear whole or not at all, and hold all that an exact resume needs.

    Sub-classes set the declared attributes in their constructor.
    """

    options: RunOptions
    bare_step: MetaStep
    net_g_ema: nn.Module
    ema_decay: float
    clock: TrainingClock
    _run: str
    _schedule: list[tuple[list[float], dict[str, Any]]]

    @master_only
    def save_network(self, net: Any, net_label: str, current_iter: int | str, param_key: Any = "params") -> None:
        """Save `params`, maybe `params_ema`, the inner rates and what the file is about, whole or not at all."""
        nets, keys = (net, param_key) if isinstance(net, list) else ([net], [param_key])
        states = {k: {n: v.cpu() for n, v in x.state_dict().items()} for k, x in zip(keys, nets, strict=True)}
        about = {"scale": float(self.options.scale), "network_g": self.options.network_g}
        content = {**states, "rates": self.bare_step.log_rates.detach().exp().cpu(), "about": about}
        name = f"{net_label}_{'latest' if current_iter == -1 else current_iter}.pth"
        save_atomically(content, f"{self.opt['path']['models']}/{name}")

    def save(self, epoch: int, current_iter: int) -> None:
        """Save the networks, then the training state that needs them."""
        ema = [self.net_g_ema] if self.ema_decay > 0 else []
        self.save_network([self.net_g, *ema], "net_g", current_iter, ["params", "params_ema"][: 1 + len(ema)])
        self.save_training_state(epoch, current_iter)

    @master_only
    def save_training_state(self, epoch: int, current_iter: int) -> None:
        """Save what an exact resume needs beside the networks, whole or not at all."""
        if current_iter == -1:
            return
        state = {
            "epoch": 0,  # the whole training is one epoch
            "iter": current_iter,
            "optimizers": [o.state_dict() for o in self.optimizers],
            "schedulers": [s.state_dict() for s in self.schedulers],
            "log_rates": self.bare_step.log_rates.detach().cpu(),
            "run": self._run,
        }
        save_atomically(state, f"{self.opt['path']['training_states']}/{current_iter}.state")

    def update_learning_rate(self, current_iter: int, warmup_iter: int = -1) -> None:
        """Set an iteration's learning rates, and remember the schedule before it in case it cannot be finished."""
        rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in self.optimizers]
        states = [copy.deepcopy(scheduler.state_dict()) for scheduler in self.schedulers]
        self._schedule = list(zip(rates, states, strict=True))
        super().update_learning_rate(current_iter, warmup_iter)

    def save_before(self, current_iter: int) -> None:
        """Save the state from before an iteration that cannot be finished."""
        for optimizer, scheduler, (rates, state) in zip(self.optimizers, self.schedulers, self._schedule, strict=True):
            scheduler.load_state_dict(state)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate
        self.save(0, current_iter - 1)

    def resume_training(self, resume_state: dict[str, Any]) -> None:
        """Go on exactly where the state was saved, in the optimizer, the rates and the stream of tasks."""
        super().resume_training(resume_state)
        if "log_rates" in resume_state and self.bare_step.learns_rates:
            self.bare_step.log_rates.data.copy_(resume_state["log_rates"])
        task_stream.resume_at(resume_state["iter"])
        self.clock.start(resume_state["iter"])
