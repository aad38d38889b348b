"""MZSR (Soh, Cho, Cho: Meta-Transfer Learning for Zero-Shot Super-Resolution, CVPR 2020) as a plug-in for BasicSR.

Importing the package registers its parts in BasicSR's registries, all of them in the list below. An option file
loads the plug-in with its first line: `plugin: !!python/name:mzsr_basicsr.PLUGIN`.
"""

from mzsr_basicsr import compat

compat.before_basicsr()

from basicsr.utils.registry import (  # noqa: E402
    ARCH_REGISTRY,
    DATASET_REGISTRY,
    LOSS_REGISTRY,
    METRIC_REGISTRY,
    MODEL_REGISTRY,
)

from mzsr_basicsr.archs.mzsr_arch import MZSRNet  # noqa: E402
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR  # noqa: E402
from mzsr_basicsr.archs.mzsr_wiener_arch import MZSRNetWiener  # noqa: E402
from mzsr_basicsr.blind.kernel_net import KernelNet  # noqa: E402
from mzsr_basicsr.data.blurred_patch_dataset import BlurredPatchDataset  # noqa: E402
from mzsr_basicsr.data.degraded_pair_dataset import DegradedPairDataset  # noqa: E402
from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset  # noqa: E402
from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset  # noqa: E402
from mzsr_basicsr.losses.kernel_loss import KernelLoss  # noqa: E402
from mzsr_basicsr.metrics.paper_metric import calculate_psnr_paper, calculate_ssim_paper  # noqa: E402
from mzsr_basicsr.models.mzsr_model import MZSRModel  # noqa: E402
from mzsr_basicsr.models.zssr_model import ZSSRModel  # noqa: E402
from mzsr_basicsr.photo.api import Result, upscale  # noqa: E402

__version__ = "0.1.0"
PLUGIN = f"mzsr_basicsr {__version__}"  # a plain string: BasicSR deep-copies and prints its options

REGISTERED = (
    (ARCH_REGISTRY, (MZSRNet, MZSRNetLR, MZSRNetWiener, KernelNet)),
    (DATASET_REGISTRY, (KernelMetaDataset, ZeroShotDataset, DegradedPairDataset, BlurredPatchDataset)),
    (LOSS_REGISTRY, (KernelLoss,)),
    (METRIC_REGISTRY, (calculate_psnr_paper, calculate_ssim_paper)),
    (MODEL_REGISTRY, (MZSRModel, ZSSRModel)),
)

for _registry, _objects in REGISTERED:
    for _object in _objects:
        if _object.__name__ not in _registry:
            _registry.register(_object)

compat.after_basicsr()

__all__ = ["PLUGIN", "REGISTERED", "Result", "__version__", "upscale"]
