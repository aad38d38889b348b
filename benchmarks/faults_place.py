"""What the commands of the campaign work on, tiny: a network, pictures, a clip, a scene, scans, options."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

NETWORK = {"type": "MZSRNetWiener", "num_feat": 8, "num_block": 1, "scale": 2}
OPTIONS = """plugin: !!python/name:mzsr_basicsr.PLUGIN
name: tiny
model_type: MZSRModel
scale: 2
num_gpu: 0
manual_seed: 0
datasets:
  train: {{name: t, type: KernelMetaDataset, dataroot_gt: photos, support: 2, query: 2, gt_size: 16,
    noise: [0.0, 0.05], length: 4000, batch_size_per_gpu: {batch}, num_worker_per_gpu: 0}}
network_g: {{type: MZSRNetLR, num_feat: 6, num_conv: 3}}
path: {{pretrain_network_g: ~, strict_load_g: true, resume_state: ~}}
train:
  total_iter: {total}
  ema_decay: 0.5
  optim_g: {{type: Adam, lr: 1.0e-3}}
  scheduler: {{type: MultiStepLR, milestones: [3], gamma: 0.5}}
  pixel_opt: {{type: L1Loss, loss_weight: 1.0, reduction: mean}}
  meta: {{inner_steps: 2, inner_rate: 1.0e-2, learn_rates: true, loss_weights: annealed}}
logger: {{print_freq: 1, save_checkpoint_freq: 2, use_tb_logger: false, wandb: {{project: ~, resume_id: ~}}}}
dist_params: {{backend: nccl, port: 29500}}
"""
BENCHMARK = """name: tiny
output: results
datasets: {Tiny: photos}
device: cpu
kernels: [g2.0d]
methods:
  bicubic: {}
  net: {type: network, weights: net.pth, zero_shot: {updates: [0, 1], rates: learned}}
"""


def pixels(seed: int = 0, height: int = 40, width: int = 36) -> np.ndarray:
    """(height, width, 3) uint8 with smooth parts, stripes and a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / 40
    stripes = np.sin(rng.uniform(20, 50) * (x + rng.uniform(-1, 1) * y)) * (x > 0.4)
    smooth = rng.uniform(0.3, 0.7, 3) + x[..., None] * rng.uniform(-0.3, 0.3, 3)
    return np.uint8(255 * np.clip(smooth + 0.25 * stripes[..., None] + rng.normal(0, 0.02, (height, width, 3)), 0, 1))


def save_network(path: Path) -> Path:
    """Save a small network with a learned rate, as a training does."""
    from basicsr.archs import build_network

    from mzsr_basicsr.weights.files import save_atomically

    torch.manual_seed(0)
    built = build_network(dict(NETWORK))
    rates = torch.full((1, len(list(built.parameters()))), 0.02)
    save_atomically({"params": built.state_dict(), "rates": rates, "about": {"scale": 2.0, "network_g": NETWORK}}, path)
    return path


def save_photos(folder: Path, count: int, endings: tuple[str, ...] = (".png",)) -> Path:
    """Save pictures 0, 1, … of several kinds in turn."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        Image.fromarray(pixels(index)).save(folder / f"{index}{endings[index % len(endings)]}")
    return folder


def save_clip(path: Path, frames: int = 40) -> Path:
    """Save a clip of two shots, 32 px high, with Motion JPEG or H.264."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24, width=48, height=32, options={"crf": "10", "threads": "1"})
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, 24)
        for index in range(frames):
            picture = np.roll(pixels(index // (frames // 2), 32, 48), index, 1)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 24)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def save_scene(path: Path, height: int = 70, width: int = 80) -> Path:
    """Save a GeoTIFF."""
    import rasterio
    from affine import Affine

    shape = {"height": height, "width": width, "count": 3, "dtype": "uint8"}
    place = Affine(30.0, 0, 500000, 0, -20.0, 4000000)
    with rasterio.open(path, "w", driver="GTiff", crs="EPSG:32618", transform=place, **shape) as file:
        file.write(np.moveaxis(pixels(3, height, width), 2, 0))
    return path


def save_volume(path: Path) -> Path:
    """Save a NIfTI file of four slices."""
    import nibabel

    values = np.stack([pixels(index)[:, :, 0].T for index in range(4)], axis=2).astype(np.int16) * 8
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 1.0, 3.0, 1.0])), path)
    return path


def save_scan(path: Path) -> Path:
    """Save a DICOM file of two frames."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    values = np.stack([pixels(index)[:, :, 1] for index in range(2)]).astype(np.uint16) * 16
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.SOPClassUID, header.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.Modality = "1.2.3", "1.2.3.4", "CT"
    header.Rows, header.Columns, header.NumberOfFrames = *values.shape[1:], len(values)
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 12, 11, 0
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.PixelSpacing, header.ImageType = [0.5, 0.5], ["ORIGINAL", "PRIMARY", "AXIAL"]
    header.PixelData = values.tobytes()
    header["PixelData"].VR = "OW"
    header.save_as(path, enforce_file_format=True)
    return path


def save_stack(path: Path) -> Path:
    """Save a TIFF file of three pages."""
    import tifffile

    with tifffile.TiffWriter(path) as writer:
        for index in range(3):
            writer.write(pixels(index)[:, :, 0], metadata=None)
    return path
