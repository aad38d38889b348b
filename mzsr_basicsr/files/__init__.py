"""Files that appear whole or not at all, and files that one process has at a time."""
