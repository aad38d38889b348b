"""
A memory over a folder
======================

Photos of one camera have much in common. With ``--memory FILE`` a photo begins with what earlier ones taught, where a
part of it that is held out says that this is better.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import skimage.data
import torch

import mzsr_basicsr
from mzsr_basicsr import Degradation
from mzsr_basicsr.metrics.quality import psnr_y

# %%
# Six parts of one scanned page stand for a folder: another part is another file of the same kind.

page = np.repeat(skimage.data.page()[:, :, None], 3, axis=2)
how = Degradation("gaussian:2,2", scale=2)
truths = [page[y : y + 88, x : x + 120] for y in (4, 98) for x in (8, 132, 256)]


def smaller(picture):
    image = torch.from_numpy(picture.transpose(2, 0, 1) / 255)
    return (how.apply(image).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


# %%
# Each is enlarged twice: by itself, and with a memory that grows.

memory = Path(tempfile.mkdtemp()) / "pages.pt"
alone, together = [], []
for number, truth in enumerate(truths, 1):
    for line, choices in ((alone, {}), (together, {"memory": str(memory)})):
        result = mzsr_basicsr.upscale(smaller(truth), 2, kernel=how, updates=5, **choices)
        line.append(psnr_y(result.image, truth, 2))
    print(f"part {number}: {alone[-1]:.2f} dB alone, {together[-1]:.2f} dB with the memory; {result.memory}")

# %%
# What five updates reach grows with what is remembered.

plt.figure(figsize=(6, 3), layout="constrained")
plt.bar(range(1, 7), np.subtract(together, alone))
plt.axhline(0, color="grey", linewidth=0.8)
plt.xlabel("part of the page")
plt.ylabel("gained by the memory, dB")

# %%
# For a folder::
#
#     mzsr upscale monday/ -o out --memory camera.pt
