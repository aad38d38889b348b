"""
A known and an unknown kernel
=============================

A photo is small because light was blurred before it was sampled. The weights of that blur are the *kernel*. Who knows
it should say so; else it is estimated from the photo alone.
"""

import matplotlib.pyplot as plt
import skimage.data
import torch

import mzsr_basicsr
from mzsr_basicsr import Degradation
from mzsr_basicsr.kernel_tools.picture import draw_kernel
from mzsr_basicsr.metrics.quality import psnr_y


def show(**pictures):
    _, axes = plt.subplots(1, len(pictures), figsize=(3 * len(pictures), 3.4), layout="constrained")
    for axis, (title, picture) in zip(axes, pictures.items()):
        axis.imshow(picture, interpolation="nearest")
        axis.set_title(title.replace("_", " "))
        axis.axis("off")


# %%
# A photograph loses its pixels: it is blurred by a long, turned Gaussian, and every second pixel is kept.

truth = skimage.data.coffee()[100:292, 180:372]
how = Degradation("gaussian:4,1,0.8", scale=2)
image = torch.from_numpy(truth.transpose(2, 0, 1) / 255)
photo = (how.apply(image).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()

# %%
# Three ways to enlarge it: told the kernel, told nothing, and told a wrong kernel.

known = mzsr_basicsr.upscale(photo, 2, kernel=how)
unknown = mzsr_basicsr.upscale(photo, 2, subsampling="direct")
wrong = mzsr_basicsr.upscale(photo, 2, kernel="gaussian:4,4", subsampling="direct")
for name, result in (("known", known), ("estimated", unknown), ("wrong", wrong)):
    print(f"{name:9}: {psnr_y(result.image, truth, 2):.2f} dB; {result.degradation}")

# %%
# Told too much blur, the network sharpens too much: rings appear beside edges.

show(photo=photo, kernel_known=known.image, estimated=unknown.image, wrong=wrong.image, original=truth)

# %%
# The true kernel, and the one that was found in the photo.

show(true_kernel=draw_kernel(how.kernel), estimated_kernel=draw_kernel(unknown.degradation.kernel))
