"""Trained networks that ship with the package, each with a model card of the same name."""
