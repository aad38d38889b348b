"""What we know of the host, BasicSR: how its parts are registered, its quirks, its launchers, its installation.

There are three ways in: an option file reads `mzsr_basicsr.PLUGIN`; a script calls `register()`; or a process that has
imported `mzsr_basicsr` also imports BasicSR, before or after it.
"""

from mzsr_basicsr.errors import MissingBasicSR
from mzsr_basicsr.host.arrival import when_imported
from mzsr_basicsr.host.shim import functional_tensor_finder


def register() -> None:
    """Put all parts of this package into BasicSR's registries, and mend what stops BasicSR here; again is harmless.

    Raises:
        MissingBasicSR: BasicSR is not installed.
    """
    functional_tensor_finder.install()
    try:
        import basicsr  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "basicsr":
            raise
        raise MissingBasicSR("the plug-in") from None
    from mzsr_basicsr.host import compat, registration

    registration.register_all()
    compat.mend()


def watch() -> None:
    """Make `import basicsr` work beside any torchvision, and register when it is, or was, imported."""
    functional_tensor_finder.install()
    when_imported("basicsr", register)
