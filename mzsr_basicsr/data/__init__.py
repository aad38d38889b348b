"""Data sets, registered in BasicSR's DATASET_REGISTRY by the package's `__init__`."""
