"""The demo's images: the photographs inside scikit-image's wheel and a drawn text, so nothing is downloaded."""

from pathlib import Path

import cv2
import skimage
import torch

from mzsr_basicsr.data.drawn.graphic import draw_graphic
from mzsr_basicsr.data.photos import to_picture
from mzsr_basicsr.errors import ImageError

TRAIN = (
    "brick",
    "camera",
    "coins",
    "grass",
    "gravel",
    "hubble_deep_field",
    "ihc",
    "motorcycle_left",
    "motorcycle_right",
    "rocket",
)
TEST = ("astronaut", "chelsea", "coffee")
TEXT = "text"
SEED, SIDE = 4, 256  # of the text: letters of about 18 px and a heading; the training draws other numbers


def write_images(folder: Path) -> None:
    """Write all images as PNG below `folder`/train and `folder`/test; the two parts share no motif.

    The text is drawn with the machine's fonts: another machine may show other letters, of the same size.

    Raises:
        ImageError: scikit-image came without one of its photographs.
    """
    source = Path(skimage.__file__).parent / "data"
    for part, names in (("train", TRAIN), ("test", TEST)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for name in names:
            found = sorted(source.glob(f"{name}.*"))
            image = cv2.imread(str(found[0]), cv2.IMREAD_COLOR) if found else None
            if image is None:
                raise ImageError(f"{source}/{name}: not among scikit-image's photographs; reinstall scikit-image")
            cv2.imwrite(str(folder / part / f"{name}.png"), image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2])
    text = draw_graphic(SIDE, torch.Generator().manual_seed(SEED), kind="text")
    cv2.imwrite(str(folder / "test" / f"{TEXT}.png"), to_picture(text[None])[..., ::-1])
