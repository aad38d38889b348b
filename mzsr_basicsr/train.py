"""Launcher: `python -m mzsr_basicsr.train -opt FILE` runs BasicSR's trainer; experiments land in the current folder."""

import mzsr_basicsr  # noqa: F401  registers everything and makes BasicSR importable
from mzsr_basicsr import compat
from mzsr_basicsr.launch import launch


def main() -> None:
    """Run BasicSR's train_pipeline; bad input ends with one line and exit status 1."""
    import basicsr.train

    compat.mend_resume()
    launch(basicsr.train.train_pipeline, training=True)


if __name__ == "__main__":
    main()
