"""
DICOM and GeoTIFF
=================

Scans and scenes are more than pixels: millimetres, places on Earth, units. ``mzsr upscale`` keeps all of that right.
The extras ``medical`` and ``geo`` read and write them: ``pip install '.[medical,geo]'``.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pydicom
import rasterio
import skimage.data
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

folder = Path(tempfile.mkdtemp())

# %%
# A scan of 96 x 96 px with 12 bits, half a millimetre a pixel, made of a picture of tissue.

tissue = 4095 - 16 * skimage.data.immunohistochemistry()[100:196, 200:296, 1].astype(np.uint16)
scan = pydicom.Dataset()
scan.file_meta = FileMetaDataset()
scan.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
scan.SOPClassUID, scan.SOPInstanceUID = CTImageStorage, generate_uid()
scan.StudyInstanceUID, scan.SeriesInstanceUID, scan.Modality, scan.PatientName = "1.2.3", "1.2.3.4", "CT", "Nobody"
scan.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
scan.Rows, scan.Columns, scan.SamplesPerPixel, scan.PhotometricInterpretation = 96, 96, 1, "MONOCHROME2"
scan.BitsAllocated, scan.BitsStored, scan.HighBit, scan.PixelRepresentation = 16, 12, 11, 0
scan.PixelSpacing, scan.ImagePositionPatient = [0.5, 0.5], [-24.0, -24.0, 0.0]
scan.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
scan.PixelData = tissue.tobytes()
scan.save_as(folder / "scan.dcm", enforce_file_format=True)

# %%
# A scene with a place on Earth: pixels of 30 m, of 16 bits.

land = skimage.data.gravel()[:80, :100].astype(np.uint16) * 40
place = rasterio.Affine(30.0, 0, 500000, 0, -30.0, 4000000)
shape = {"height": 80, "width": 100, "count": 1, "dtype": "uint16"}
with rasterio.open(folder / "scene.tif", "w", driver="GTiff", crs="EPSG:32618", transform=place, **shape) as file:
    file.write(land, 1)

# %%
# One command for both, ``mzsr upscale scan.dcm scene.tif -o out``.

words = [
    "upscale",
    "scan.dcm",
    "scene.tif",
    "-o",
    "out",
    "--kernel",
    "gaussian:1,1",
    "--updates",
    "5",
    "--device",
    "cpu",
]
places = os.pathsep.join(place for place in sys.path if place)
environment = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1"}
command = [sys.executable, "-m", "mzsr_basicsr.cli.main", *words]
done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
assert done.returncode == 0, done.stderr

# %%
# The pixels are half as large, and lie where they should.

larger = pydicom.dcmread(folder / "out" / "scan.dcm")
print("scan: ", scan.PixelSpacing, "->", larger.PixelSpacing, "mm;", scan.Rows, "->", larger.Rows, "rows")
with rasterio.open(folder / "out" / "scene.tif") as file:
    print("scene:", (place.a, place.c, place.f), "->", (file.transform.a, file.transform.c, file.transform.f), file.crs)
    scene = file.read(1)

_, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
titles = ("scan", "scan, enlarged", "scene", "scene, enlarged")
for axis, picture, title in zip(axes, (tissue, larger.pixel_array, land, scene), titles):
    axis.imshow(picture, cmap="gray", interpolation="nearest")
    axis.set_title(title)
    axis.axis("off")
