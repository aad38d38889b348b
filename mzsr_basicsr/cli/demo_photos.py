"""The demo's photographs: those that ship inside scikit-image's wheel, so nothing is downloaded."""

from pathlib import Path

import cv2
import skimage

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


def write_photos(folder: Path) -> None:
    """Write the photographs as PNG below `folder`/train and `folder`/test; the two parts share no motif.

    Raises:
        ImageError: scikit-image came without one of them.
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
