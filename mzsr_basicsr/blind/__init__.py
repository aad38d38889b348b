"""Blind super-resolution: the blur kernel estimated from the LR image alone."""
