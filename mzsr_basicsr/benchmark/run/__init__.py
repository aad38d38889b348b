"""Run a benchmark: its plan, LR images, methods and cells."""
