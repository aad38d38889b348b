"""ZSSRModel: every image is learned from random weights, as the yardstick of thousands of updates (CVPR 2018)."""

from collections.abc import Mapping
from typing import Any

from basicsr.archs import build_network
from basicsr.models.base_model import BaseModel
from torch import Tensor

from mzsr_basicsr.adaptation.zero_shot import Result
from mzsr_basicsr.archs.windows import fit_sizes
from mzsr_basicsr.degradation.record import Degradation
from mzsr_basicsr.errors import ConfigError
from mzsr_basicsr.models.checks import check_common
from mzsr_basicsr.models.hardware import memory_format, threads_per_process
from mzsr_basicsr.models.validation import validate
from mzsr_basicsr.options.strict import parse
from mzsr_basicsr.options.zssr import ZSSRRunOptions, zssr_settings
from mzsr_basicsr.zssr import zssr


class ZSSRModel(BaseModel):
    """A BasicSR model for tests only: `test()` trains a network on the image that was fed.

    Args:
        opt: BasicSR's options; see `mzsr_basicsr.options.zssr.ZSSRRunOptions`.
    """

    def __init__(self, opt: dict[str, Any]) -> None:
        if opt.get("is_train"):
            raise ConfigError("model_type: ZSSRModel learns each image at the test; run `mzsr test -opt FILE`")
        self.options = parse(ZSSRRunOptions, "", {key: value for key, value in opt.items() if key != "plugin"})
        check_common(self.options)
        self._settings = zssr_settings(self.options.val.zssr, self.options.scale, "val.zssr")
        threads_per_process()
        super().__init__(opt)
        self.result: Result | None = None
        self.lq: Tensor
        self.degradation: Degradation
        self.gt: Tensor | None
        network = fit_sizes(build_network(self.options.network_g)).to(self.device)
        self.net_g = network.to(memory_format=memory_format(self.device))

    def feed_data(self, data: Mapping[str, Any]) -> None:
        """Take an image with its kernel."""
        moved = {key: value.to(self.device) for key, value in data.items() if isinstance(value, Tensor)}
        self.lq, self.gt = moved["lq"], moved.get("gt")
        self.degradation = Degradation(moved["kernel"][0], self.options.scale, self.options.subsampling())

    def test(self) -> None:
        """Train a copy of the network on the image that was fed, and super-resolve it; the model stays as it was."""
        self.result = zssr(self.net_g, self.lq, self.degradation, self._settings)

    def dist_validation(self, dataloader: Any, current_iter: int | str, tb_logger: Any, save_img: bool) -> None:
        """Share the images among the processes."""
        self.nondist_validation(dataloader, current_iter, tb_logger, save_img)

    def nondist_validation(self, dataloader: Any, current_iter: int | str, tb_logger: Any, save_img: bool) -> None:
        """Log the metrics after each requested number of updates, per image and on average."""
        self.metric_results = validate(self, dataloader.dataset, current_iter, tb_logger, save_img)
