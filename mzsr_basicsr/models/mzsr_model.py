"""MZSRModel: meta-transfer learning in training (paper, section 3.3), zero-shot super-resolution in test() (3.4)."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from basicsr.archs import build_network
from basicsr.losses import build_loss
from basicsr.utils import get_root_logger
from torch import Tensor, nn

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.adaptation.zero_shot import Result, Settings, zero_shot
from mzsr_basicsr.archs.windows import fit_sizes
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError, TrainingError
from mzsr_basicsr.meta import MetaLearner, StepReport, query_weights
from mzsr_basicsr.models import hardware
from mzsr_basicsr.models.checkpoint import fingerprint
from mzsr_basicsr.models.checks import check_run
from mzsr_basicsr.models.finite import fault
from mzsr_basicsr.models.inner_loop import build_step, manner_of_training
from mzsr_basicsr.models.layers import drawn_by, warn_of_frozen_layers
from mzsr_basicsr.models.meta_test import validated
from mzsr_basicsr.models.meta_validation import MetaValidation
from mzsr_basicsr.models.optimizers import build_optimizer, parameter_groups
from mzsr_basicsr.models.progress import TrainingClock
from mzsr_basicsr.models.rates import rates_for_the_log, start_learner, start_rates
from mzsr_basicsr.models.saving import ResumableModel
from mzsr_basicsr.models.task_builder import merged, tasks_of
from mzsr_basicsr.models.throughput import Throughput
from mzsr_basicsr.models.validation import validate
from mzsr_basicsr.models.watch import Watch, named_losses
from mzsr_basicsr.options.learner import MetaOptions
from mzsr_basicsr.options.numbers import as_numbers
from mzsr_basicsr.options.run import RunOptions, TrainOptions
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.options.zero_shot import zero_shot_settings
from mzsr_basicsr.weights.pretrained import fitting_rates


class MZSRModel(ResumableModel):
    """A BasicSR model around any network: stage 2 when it trains, stage 3 when it tests.

    Args:
        opt: BasicSR's options; see `mzsr_basicsr.options.run.RunOptions`.
    """

    def __init__(self, opt: dict[str, Any]) -> None:
        opt = {**opt, "train": as_numbers(opt["train"])} if opt.get("train") else opt
        self.options = parse(RunOptions, "", {key: value for key, value in opt.items() if key != "plugin"})
        self.rates: Tensor | None = None
        self.manner = Manner()
        self.learner: MetaLearner | None = None
        self.result: Result | None = None
        self.log_dict: dict[str, float] = OrderedDict()
        self.watch = Watch()
        hardware.threads_per_process()
        check_run(self.options)
        self._run = fingerprint(opt)
        super().__init__(opt)

    def model_to_device(self, net: nn.Module) -> nn.Module:
        """Keep the network bare: its names are what files and EMA want; DDP wraps the meta-step instead."""
        return fit_sizes(net).to(self.device).to(memory_format=hardware.memory_format(self.device))

    def init_training_settings(self) -> None:
        """Build the meta-step, the EMA network and the optimizer."""
        train = self.train_options()
        self.net_g.train()
        self.precision = hardware.chosen_precision(self.device, train.precision)
        self.pixel_loss = build_loss(train.pixel_opt).to(self.device)
        self.meta_step = self._build_meta_step(train.meta)
        self.meta_validation = MetaValidation(self.options, self.device)
        self.ema_decay = train.ema_decay
        if self.ema_decay > 0:
            self.net_g_ema = fit_sizes(build_network(self.opt["network_g"])).to(self.device)
            self.load_average(self.net_g_ema)
            self.net_g_ema.eval()
        self.setup_optimizers()
        self.setup_schedulers()
        first = self.options.rank == 0
        throughput = Throughput(self.device, self.precision, self.options.logger.print_freq, first)
        self.clock = TrainingClock(train.total_iter, train.time_budget, train.progress and first, throughput)

    def _build_meta_step(self, meta: MetaOptions) -> nn.Module:
        step = build_step(self.net_g, meta, self.pixel_loss, self.options.quantizes(), self.precision == "mixed")
        step = step.to(self.device)
        start_learner(step, self.learner)
        if step.learns_rates and self.rates is not None:
            start_rates(step, self.rates, self.manner.rule)
        if step.steps:
            warn_of_frozen_layers(self.net_g, step.steps)
        self.bare_step = step
        return hardware.distributed(step, self.device) if self.options.dist else step

    def setup_optimizers(self) -> None:
        """One optimizer for the network and, in groups of their own, the learned rates and the meta-learner."""
        train = self.train_options()
        self.optimizer_g = build_optimizer(train.optim_g, parameter_groups(self.bare_step, train.meta))
        self.optimizers.append(self.optimizer_g)

    def train_options(self) -> TrainOptions:
        """Give the `train` section, which a training must have."""
        if self.options.train is None:
            raise ConfigError("train: required section is missing; a training option file must have it")
        return self.options.train

    def feed_data(self, data: Mapping[str, Any]) -> None:
        """Take a meta-batch and degrade it here unless that was done ahead, or an image with its kernel (test)."""
        moved = {key: value.to(self.device) for key, value in data.items() if isinstance(value, Tensor)}
        if "task" in moved:
            tasks = data["tasks"] if "tasks" in data else tasks_of(moved, self.options.datasets["train"])
            self.tasks = tasks if self.bare_step.takes_tasks_apart else merged(tasks)
            return
        self.lq, self.gt = moved["lq"], moved.get("gt")
        self.degradation, self.told = (self._degradation(moved[key][0]) for key in ("kernel", "told_kernel"))

    def optimize_parameters(self, current_iter: int) -> None:
        """Make one outer step (paper, equation 6)."""
        train = self.train_options()
        weights = query_weights(train.meta.loss_weights, self.bare_step.steps, current_iter - 1)
        self.bare_step.early = current_iter <= train.meta.order_from
        self.optimizer_g.zero_grad()
        if self.clock.throughput.wants_count:
            with self._computing(current_iter):
                self.clock.throughput.count(self.bare_step, self.tasks, weights)
        with self._computing(current_iter):
            loss, report = self.meta_step(self.tasks, weights)
        loss.backward()
        self._stop_if_not_finite(report, current_iter)
        if train.clip_grad_norm > 0:
            leaves = [p for group in self.optimizer_g.param_groups for p in group["params"]]
            nn.utils.clip_grad_norm_(leaves, train.clip_grad_norm)
        self.optimizer_g.step()
        self.log_dict = self.reduce_loss_dict(named_losses(report))
        self._warn_of_divergence(current_iter)
        self.log_dict |= rates_for_the_log(self.bare_step)
        if self.ema_decay > 0:
            self.model_ema(decay=self.ema_decay)
        self.judge_tasks(current_iter)
        if self.clock.tick(current_iter, self.log_dict, self.options.dist, self.device):
            self.stop_at_budget(current_iter, train.time_budget)

    @contextmanager
    def _computing(self, current_iter: int) -> Iterator[None]:
        """Compute in the training's precision; random layers draw by iteration and process, also after a resume."""
        seed = self.options.datasets["train"].get("seed", 0)
        drawn = drawn_by(seed, current_iter * self.options.world_size + self.options.rank, self.device)
        with hardware.precision(self.device, self.precision), drawn:
            yield

    def _warn_of_divergence(self, current_iter: int) -> None:
        learned = self.bare_step.learns_rates
        inner = "train.meta.rates_lr or train.meta.inner_rate" if learned else "train.meta.inner_rate"
        outer = f"train.optim_g.lr or {inner}" if self.bare_step.steps else "train.optim_g.lr"
        for line in self.watch.note(dict(self.log_dict), outer, inner):
            get_root_logger().warning(f"Iteration {current_iter}: {line}")

    def _stop_if_not_finite(self, report: StepReport, current_iter: int) -> None:
        """Stop every process before a loss or gradient that is not finite reaches the weights, and save those."""
        leaves = [p for group in self.optimizer_g.param_groups for p in group["params"]]
        found = fault(report.meta, [p.grad for p in leaves if p.grad is not None], self.tasks, self.options.dist)
        if found is None:
            return
        self.save_before(current_iter)
        inner = "train.meta.inner_rate, or train.meta.rates_lr where the rates are learned"
        lower = inner if self.bare_step.steps else "train.optim_g.lr"
        state = f"the state of iteration {current_iter - 1} was saved"
        raise TrainingError(f"iteration {current_iter}: {found}; {state}; lower {lower}")

    def test(self) -> None:
        """Adapt a copy of the parameters to the image that was fed, and super-resolve it; the model stays as it was."""
        network = self.net_g_ema if self.is_train and self.ema_decay > 0 else self.net_g
        adapt, loss = (validated, self.pixel_loss) if self.is_train else (zero_shot, nn.functional.l1_loss)
        self.result = adapt(network, self.lq, self.degradation, self.settings(), self.told, loss)
        self.output = self.result.images[max(self.result.images)]

    def _degradation(self, kernel: Tensor) -> Degradation:
        o = self.options
        return Degradation(kernel, o.scale, o.subsampling(), o.val.zero_shot.noise)

    def settings(self) -> Settings:
        """Make the zero-shot settings of `val.zero_shot`."""
        learned, manner, learner, options = None, self.manner, self.learner, self.options.val.zero_shot
        if self.is_train:
            learned, learner = self.bare_step.log_rates.detach().exp(), self.bare_step.learner
            manner = manner_of_training(self.train_options().meta)
        elif options.rates == "learned":
            learned = fitting_rates(self.rates, self.net_g, str(self.options.path.pretrain_network_g), learner)
        return zero_shot_settings(options, learned, manner, learner)

    def dist_validation(self, dataloader: Any, current_iter: int | str, tb_logger: Any, save_img: bool) -> None:
        """Share the images among the processes."""
        self.nondist_validation(dataloader, current_iter, tb_logger, save_img)

    def nondist_validation(self, dataloader: Any, current_iter: int | str, tb_logger: Any, save_img: bool) -> None:
        """Log the metrics after each requested number of updates, per image and on average."""
        self.metric_results = validate(self, dataloader.dataset, current_iter, tb_logger, save_img)
