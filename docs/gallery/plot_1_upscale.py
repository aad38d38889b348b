"""
Upscale a photo
===============

One call enlarges a photo. It estimates how the photo was blurred, learns from the photo itself for ten updates, and
gives the result with what was found on the way.
"""

import cv2
import matplotlib.pyplot as plt
import skimage.data

import mzsr_basicsr


def show(**pictures):
    _, axes = plt.subplots(1, len(pictures), figsize=(3.2 * len(pictures), 3.6), layout="constrained")
    for axis, (title, picture) in zip(axes, pictures.items()):
        axis.imshow(picture, interpolation="nearest")
        axis.set_title(title.replace("_", " "))
        axis.axis("off")


# %%
# Any image as a NumPy array serves: here a part of a photograph of 96 x 96 px, as it is.

photo = skimage.data.astronaut()[70:166, 176:272]
result = mzsr_basicsr.upscale(photo, scale=2)
bicubic = cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
show(the_photo=photo, bicubic=bicubic, mzsr=result.image)

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
