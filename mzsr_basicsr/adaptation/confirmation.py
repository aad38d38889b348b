"""Is what a start has chosen for an image better there than the shared parameters? The image itself is asked."""

from mzsr_basicsr.meta.task import Params
from mzsr_basicsr.signals import Scene, SignalSettings, lessons_of

SMALLEST = 24  # LR px; smaller images tell nothing
QUESTIONS = 3  # about the estimate of either network
CROP = 96  # LR px, side of what one of them looks at, at most
BETTER = 0.985  # times the loss of the shared parameters; photographs that would lose came to 0.988 and more
FIRST = 2_000_000  # their number, far from those of updates and of the exam


def confirmed(scene: Scene, chosen: Params, shared: Params) -> bool:
    """Compare two networks by the own scale: which makes a smaller copy of the picture again, from its LR image?

    The picture is the estimate of the one, and then that of the other, as each favours its own. Nothing has been
    learned from the image yet, so all of it may ask. Those that are not better by their own estimate are not asked on.

    Args:
        scene: the image.
        chosen: the parameters that are doubted.
        shared: those that stay if the others are not better, by more than chance.
    """
    if min(scene.lq.shape[-2:]) < SMALLEST:
        return False
    signal = SignalSettings("scale", crop=CROP)
    marks = [0.0, 0.0]
    for picture in (chosen, shared):
        lessons = lessons_of(scene, signal)
        for number in range(QUESTIONS):
            question = lessons(FIRST + number, picture)
            marks = [mark + float(question(params)) for mark, params in zip(marks, (chosen, shared), strict=True)]
        if not marks[0] < marks[1]:  # not even by its own estimate, which is asked about first
            return False
    return marks[0] < BETTER * marks[1]  # never true of NaN
