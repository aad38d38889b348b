"""Many files: which ones, one after the other or side by side, and what happens at an interrupt."""
