"""Typed errors: each message is one line that says what, where, the allowed values and what to do."""


class MZSRError(ValueError):
    """Base of every error this package raises on bad input; the launchers print it as one line."""


class ConfigError(MZSRError):
    """An option that is unknown, missing, ill-typed or out of its range; names `section.key`."""


class KernelError(MZSRError):
    """A blur kernel that is missing, unreadable or not a kernel."""


class ImageError(MZSRError):
    """An image or a folder of images that is missing, damaged or too small; names the file."""


class WeightsError(MZSRError):
    """A weights or state file that is missing, damaged or of another network, scale or run."""


class TrainingError(MZSRError):
    """Training cannot go on (a non-finite loss); the state was saved and the task is named."""
