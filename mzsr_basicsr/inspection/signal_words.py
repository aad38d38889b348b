"""What the updates learned from, in words."""

from typing import NamedTuple

from mzsr_basicsr.signals import SignalSettings

_RULES = {
    "gradient": "along the gradient",
    "orthogonal": "along the orthogonal matrix nearest to the gradient's average, layer by layer",
}


class SignalWords(NamedTuple):
    """Two sentences for people; the loss as a term of the page; the same as the title of its curve."""

    sentences: tuple[str, str]
    loss: str
    title: str


_SON = SignalWords(
    (
        "The son is the LR image, blurred and subsampled once more, and the network learned to turn it back into the "
        "LR image.",
        "That helps where small details look like large ones, and harms where they do not, as with letters that nobody "
        "can read at the son's size.",
    ),
    "loss on the son",
    "Loss on the son (L1)",
)
_SCALE = SignalWords(
    (
        "The own scale: the network's estimate of the HR image was shrunk a little and degraded as the LR image was, "
        "and the network learned to make this smaller copy again.",
        "So it learned from details as small as the image's own, but only from what its estimate shows.",
    ),
    "loss on a new copy",
    "Loss on a new copy in each update (L1)",
)
_MIXED = SignalWords(
    (
        "Both signals: the network learned to turn the son, which is the LR image degraded once more, back into the LR "
        "image, and to make smaller copies of its own estimate again after they were degraded in the same way.",
        "The son is true, but its details are too large; the copies have details of the right size, but show only what "
        "the estimate shows.",
    ),
    "loss on the son and a new copy",
    "Loss on the son and a new copy (L1)",
)
_KNOWN = {"son": _SON, "scale": _SCALE, "mixed": _MIXED}


def words_of(signal: SignalSettings) -> SignalWords:
    """Explain a signal; of one that somebody else registered only the name is known."""
    other = (
        f"The signal {signal.name} was registered by a module of its own.",
        "What it makes of the image is not shown here; the son is made and measured beside it.",
    )
    return _KNOWN.get(signal.name, SignalWords(other, "loss", "Loss (L1)"))


def step_words(rule: str) -> str:
    """Say in which direction a step goes."""
    return _RULES.get(rule, f"by the rule {rule}")
