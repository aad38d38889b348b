"""Everything that this package adds to BasicSR's registries, by name, in one place.

The parts are imported when they are asked for: importing some of them imports BasicSR, which asks for all of them.
"""

from typing import Any


def registered() -> tuple[tuple[Any, tuple[Any, ...]], ...]:
    """List each registry of BasicSR with what belongs there."""
    from basicsr.utils import registry

    from mzsr_basicsr.archs.build import OWN
    from mzsr_basicsr.data.blurred_patch_dataset import BlurredPatchDataset
    from mzsr_basicsr.data.degraded_pair_dataset import DegradedPairDataset
    from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset
    from mzsr_basicsr.data.task_views_dataset import TaskViewsDataset
    from mzsr_basicsr.data.zero_shot_dataset import ZeroShotDataset
    from mzsr_basicsr.losses.kernel_loss import KernelLoss
    from mzsr_basicsr.losses.task_contrast_loss import TaskContrastLoss
    from mzsr_basicsr.metrics.paper_metric import calculate_psnr_paper, calculate_ssim_paper
    from mzsr_basicsr.models.mzsr_model import MZSRModel
    from mzsr_basicsr.models.zssr_model import ZSSRModel

    sets = (KernelMetaDataset, ZeroShotDataset, DegradedPairDataset, BlurredPatchDataset, TaskViewsDataset)
    return (
        (registry.ARCH_REGISTRY, tuple(OWN.values())),
        (registry.DATASET_REGISTRY, sets),
        (registry.LOSS_REGISTRY, (KernelLoss, TaskContrastLoss)),
        (registry.METRIC_REGISTRY, (calculate_psnr_paper, calculate_ssim_paper)),
        (registry.MODEL_REGISTRY, (MZSRModel, ZSSRModel)),
    )


def register_all() -> None:
    """Register what is not registered yet."""
    for registry, objects in registered():
        for thing in objects:
            if thing.__name__ not in registry:
                registry.register(thing)
