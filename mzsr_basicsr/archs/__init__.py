"""Network architectures, registered in BasicSR's ARCH_REGISTRY by the package's `__init__`."""
