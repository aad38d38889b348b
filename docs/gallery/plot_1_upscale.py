"""
Upscale a photo
===============

One call enlarges a photo. It estimates how the photo was blurred, learns from the photo itself for ten updates, and
gives the result with what was found on the way.
"""

import cv2
import matplotlib.pyplot as plt
import skimage.data
import torch

import mzsr_basicsr
from mzsr_basicsr import Degradation


def show(**pictures):
    _, axes = plt.subplots(1, len(pictures), figsize=(3 * len(pictures), 3.4), layout="constrained")
    for axis, (title, picture) in zip(axes, pictures.items()):
        axis.imshow(picture, interpolation="nearest")
        axis.set_title(title.replace("_", " "))
        axis.axis("off")


# %%
# Any image as a NumPy array serves. This one is a photograph that was blurred and made small, so that the answer is
# known; the call below is told nothing of it.

truth = skimage.data.astronaut()[:320, :320]
image = torch.from_numpy(truth.transpose(2, 0, 1) / 255)
photo = (Degradation("gaussian:2,2", 2).apply(image).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()

result = mzsr_basicsr.upscale(photo, scale=2)
bicubic = cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
face, small_face = (slice(50, 178), slice(160, 288)), (slice(25, 89), slice(80, 144))
show(photo=photo[small_face], bicubic=bicubic[face], mzsr=result.image[face], original=truth[face])

# %%
# What was found: the blur, how sure the estimate is, how many of the updates were kept and why no more were made.

print(result.degradation)
print(f"confidence {result.confidence:.2f}, {result.kept} updates kept; {result.stopped or 'all were made'}")
print({what: round(seconds, 2) for what, seconds in result.seconds.items()}, "seconds")

# %%
# The same on the command line, for a file, a folder or a clip::
#
#     mzsr upscale photo.jpg -o out
#
# ``--quality fast`` makes no updates, ``--quality best`` as many as help the photo.
