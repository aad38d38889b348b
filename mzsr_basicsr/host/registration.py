"""Everything that this package adds to BasicSR's registries, by name, in one place."""

from basicsr.utils.registry import ARCH_REGISTRY, DATASET_REGISTRY, LOSS_REGISTRY, METRIC_REGISTRY, MODEL_REGISTRY

from mzsr_basicsr.archs.build import OWN
from mzsr_basicsr.data.blurred_patch_dataset import BlurredPatchDataset
from mzsr_basicsr.data.degraded_pair_dataset import DegradedPairDataset
from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset
from mzsr_basicsr.losses.kernel_loss import KernelLoss
from mzsr_basicsr.metrics.paper_metric import calculate_psnr_paper, calculate_ssim_paper
from mzsr_basicsr.models.mzsr_model import MZSRModel
from mzsr_basicsr.models.zssr_model import ZSSRModel

REGISTERED = (
    (ARCH_REGISTRY, tuple(OWN.values())),
    (DATASET_REGISTRY, (KernelMetaDataset, ZeroShotDataset, DegradedPairDataset, BlurredPatchDataset)),
    (LOSS_REGISTRY, (KernelLoss,)),
    (METRIC_REGISTRY, (calculate_psnr_paper, calculate_ssim_paper)),
    (MODEL_REGISTRY, (MZSRModel, ZSSRModel)),
)


def register_all() -> None:
    """Register what is not registered yet."""
    for registry, objects in REGISTERED:
        for thing in objects:
            if thing.__name__ not in registry:
                registry.register(thing)
