"""Clips: moving pictures, read, enlarged shot by shot, and written with their sound."""
