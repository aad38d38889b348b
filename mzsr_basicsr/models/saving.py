"""How an MZSRModel saves itself and goes on exactly where it stopped."""

import copy
import json
from typing import Any

from basicsr.models.sr_model import SRModel
from basicsr.utils import get_root_logger
from basicsr.utils.dist_util import master_only
from torch import Tensor, nn

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.data import task_stream
from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.meta import MetaLearner, MetaStep
from mzsr_basicsr.models.changes import taken_over
from mzsr_basicsr.models.checkpoint import check_moments
from mzsr_basicsr.models.inner_loop import manner_of_training
from mzsr_basicsr.models.meta_validation import MetaValidation
from mzsr_basicsr.models.progress import TrainingClock
from mzsr_basicsr.models.watch import Watch
from mzsr_basicsr.options.run import RunOptions
from mzsr_basicsr.weights.files import Loaded, first_five, load_weights, save_atomically
from mzsr_basicsr.weights.learner import learner_as_plain
from mzsr_basicsr.weights.manner import manner_as_plain


class ResumableModel(SRModel):
    """An SRModel whose files appear whole or not at all, and hold all that an exact resume needs.

    Sub-classes set the declared attributes in their constructor.
    """

    options: RunOptions
    bare_step: MetaStep
    net_g_ema: nn.Module
    ema_decay: float
    clock: TrainingClock
    watch: Watch
    meta_validation: MetaValidation
    rates: Tensor | None
    manner: Manner
    learner: MetaLearner | None
    _run: str
    _schedule: list[tuple[list[float], dict[str, Any]]]

    def load_network(self, net: nn.Module, load_path: str, strict: bool = True, param_key: str | None = None) -> None:
        """Load and check a weights file, and say what was taken; with it come the learned inner rates, if it has any.

        Without `path.param_key_g` a training goes on from the weights themselves, a test takes their average.
        """
        path = self.options.path
        average = not self.is_train or "param_key_g" in self.opt["path"]
        loaded = self._load(net, load_path, path.param_key_g, average, strict)
        rates, self.manner, self.learner = loaded.rates, loaded.manner, loaded.learner
        self.rates = rates if isinstance(rates, Tensor) and rates.ndim == 2 else None

    def load_average(self, net: nn.Module) -> None:
        """Start the moving average of the weights: from the file's where it has one, or from the network."""
        path, resumed = self.options.path, self.options.path.resume_state is not None
        if path.pretrain_network_g is None:
            net.load_state_dict(self.net_g.state_dict())
        else:
            self._load(net, path.pretrain_network_g, "params_ema" if resumed else None, True, path.strict_load_g)

    def _load(self, net: nn.Module, path: str, key: str | None, average: bool, strict: bool) -> Loaded:
        found = load_weights(net, path, key, self.options.scale, strict, average)
        logger, kind = get_root_logger(), type(net).__name__
        logger.info(f"Loading {kind} from {path}, with param key: [{found.key}].")
        if found.differences:
            logger.warning(f"path.strict_load_g is false: left out of {path}: {first_five(found.differences)}")
        return found

    def model_ema(self, decay: float = 0.999) -> None:
        """Move the average, as BasicSR does, and copy what no gradient moves: statistics of normalisations."""
        super().model_ema(decay)
        own = dict(self.net_g.named_buffers())
        for name, buffer in self.net_g_ema.named_buffers():
            buffer.copy_(own[name])

    @master_only
    def save_network(self, net: Any, net_label: str, current_iter: int | str, param_key: Any = "params") -> None:
        """Save `params`, maybe `params_ema`, the inner rates and what the file is about, whole or not at all."""
        nets, keys = (net, param_key) if isinstance(net, list) else ([net], [param_key])
        states = {k: {n: v.cpu() for n, v in x.state_dict().items()} for k, x in zip(keys, nets, strict=True)}
        about: dict[str, Any] = {"scale": float(self.options.scale), "network_g": self.options.network_g}
        meta = self.options.train.meta if self.options.train else None
        if meta is not None and meta.inner_steps:
            about["manner"] = manner_as_plain(manner_of_training(meta))
        if current_iter == "best":
            about["iteration"] = self.meta_validation.best.iteration
        content = {**states, "rates": self.bare_step.log_rates.detach().exp().cpu(), "about": about}
        learner = learner_as_plain(self.bare_step.learner)
        if learner is not None:
            about["learner"] = learner
            content["meta"] = {name: value.cpu() for name, value in self.bare_step.learner.state_dict().items()}
        name = f"{net_label}_{'latest' if current_iter == -1 else current_iter}.pth"
        save_atomically(content, f"{self.opt['path']['models']}/{name}")

    def save(self, epoch: int, current_iter: int) -> None:
        """Save the networks, then the training state that needs them."""
        self._save_networks(current_iter)
        self.save_training_state(epoch, current_iter)

    def _save_networks(self, current_iter: int | str) -> None:
        ema = [self.net_g_ema] if self.ema_decay > 0 else []
        self.save_network([self.net_g, *ema], "net_g", current_iter, ["params", "params_ema"][: 1 + len(ema)])

    def judge_tasks(self, current_iter: int) -> None:
        """Judge the network by the validation tasks where they are due, and save the best one so far."""
        if self.meta_validation.is_due(current_iter):
            network = self.net_g_ema if self.ema_decay > 0 else self.net_g
            if self.meta_validation.judge(self.bare_step, network, current_iter):
                self._save_networks("best")

    def validation(self, dataloader: Any, current_iter: int | str, tb_logger: Any, save_img: bool = False) -> None:
        """Adapt to images; tasks have been judged with their iteration, and are only logged here."""
        if isinstance(dataloader.dataset, KernelMetaDataset):
            self.meta_validation.log(tb_logger)
        else:
            super().validation(dataloader, current_iter, tb_logger, save_img)

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
            "learner": {name: value.cpu() for name, value in self.bare_step.learner.state_dict().items()},
            "run": self._run,
            "watch": self.watch.state(),
            "best": self.meta_validation.state(),
        }
        save_atomically(state, f"{self.opt['path']['training_states']}/{current_iter}.state")

    def update_learning_rate(self, current_iter: int, warmup_iter: int = -1) -> None:
        """Set an iteration's learning rates, and remember the schedule before it in case it cannot be finished.

        Where the patience is spent, the training stops here, after all data sets have been validated.
        """
        spent = self.meta_validation.ended()
        if spent is not None:
            self._stop(current_iter - 1, spent)
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

    def stop_at_budget(self, current_iter: int, budget: float) -> None:
        """End this call cleanly: the state to resume from and the latest weights are saved."""
        self._stop(current_iter, f"train.time_budget of {budget:g} s is spent")

    def _stop(self, current_iter: int, why: str) -> None:
        self.save(0, current_iter)
        self.save(-1, -1)
        get_root_logger().info(f"{why}: saved, stopped at {current_iter}.")
        raise SystemExit(0)

    def resume_training(self, resume_state: dict[str, Any]) -> None:
        """Go on exactly where the state was saved, in the optimizer, the rates and the stream of tasks."""
        super().resume_training(resume_state)
        check_moments(self.optimizers)
        if "log_rates" in resume_state and self.bare_step.learns_rates:
            self.bare_step.log_rates.data.copy_(resume_state["log_rates"])
        self.bare_step.learner.load_state_dict(resume_state.get("learner", {}))
        if "watch" in resume_state:
            self.watch.load(resume_state["watch"])
        began = json.loads(resume_state["run"]).get("options", {}) if "run" in resume_state else {}
        now = json.loads(self._run)["options"]
        for line in taken_over(began, now, self.bare_step.learns_rates):
            get_root_logger().warning(f"Resumed with other options: {line}")
        if "best" in resume_state:
            self.meta_validation.load(resume_state["best"], began, now)
        task_stream.resume_at(resume_state["iter"])
        self.clock.start(resume_state["iter"])
