"""Losses for BasicSR's registry."""
