"""
What ten updates do
===================

Adaptation looks for what this one image can teach. Here it is a page of print, which is unlike the photographs that the
network was trained on.
"""

import matplotlib.pyplot as plt
import numpy as np
import skimage.data
import torch

import mzsr_basicsr
from mzsr_basicsr import Degradation
from mzsr_basicsr.metrics.quality import psnr_y

# %%
# The page is made smaller by a known blur, so that we can measure.

page = np.repeat(skimage.data.page()[30:190, 60:252, None], 3, axis=2)
how = Degradation("gaussian:2,2", scale=2)
image = torch.from_numpy(page.transpose(2, 0, 1) / 255)
small = (how.apply(image).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()

# %%
# The result after no, one, three, ten and thirty updates.

counts = [0, 1, 3, 10, 30]
results = {count: mzsr_basicsr.upscale(small, 2, kernel=how, updates=count) for count in counts}
quality = [psnr_y(result.image, page, 2) for result in results.values()]
for count, value in zip(counts, quality):
    print(f"{count:2} updates: {value:.2f} dB")

# %%
# Left: what the updates lower, the loss that they learn from, and the loss on a part of the image that they never see.
# The second decides whether they are kept. Right: the quality, which nobody can know without the original.

_, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.plot(results[30].losses, label="loss of the updates")
left.plot(results[30].held_out, label="on the part held out")
left.set(xlabel="update", ylabel="loss")
left.legend()
right.plot(counts, quality, "o-")
right.set(xlabel="updates", ylabel="PSNR, dB")

# %%
# Before and after, and what has changed, ten times enlarged.

before, after = results[0].image, results[30].image
change = np.clip(128 + 10 * (after.astype(int) - before), 0, 255).astype(np.uint8)
_, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
for axis, picture, title in zip(
    axes, (before, after, change, page), ("0 updates", "30 updates", "change × 10", "original")
):
    axis.imshow(picture[40:120, 40:136], interpolation="nearest")
    axis.set_title(title)
    axis.axis("off")
