"""Kernels drawn, compared, converted and reported."""
