"""The `mzsr` command: one module for each of its commands."""
