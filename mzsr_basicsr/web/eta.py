"""How long a step will still take, as far as what is done of it tells."""

from time import monotonic

from mzsr_basicsr.web.messages import Working

_SURE = 0.5  # seconds; before that nothing is said


class Eta:
    """Seconds to the end of the present step, told by the rate of its beginning."""

    def __init__(self) -> None:
        self._step, self._since, self._first = "", 0.0, 0

    def left(self, event: Working) -> float | None:
        """Give seconds; None where nobody can say."""
        now = monotonic()
        if event.step != self._step or event.done < self._first:
            self._step, self._since, self._first = event.step, now, event.done
        spent, made = now - self._since, event.done - self._first
        if not event.total or made <= 0 or spent < _SURE:
            return None
        return spent / made * (event.total - event.done)


def said(seconds: float) -> str:
    """Say about how long something takes."""
    if seconds < 1.5:
        return "about a second left"
    if seconds < 90:
        return f"about {round(seconds)} s left"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"
