"""Files of the field: scans, scenes and stacks of pages, read and written with all that makes them what they are."""
