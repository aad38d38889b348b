"""Models, registered in BasicSR's MODEL_REGISTRY by the package's `__init__`."""
