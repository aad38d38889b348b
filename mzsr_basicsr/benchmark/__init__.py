"""`mzsr benchmark`: methods beside each other on the same LR images; the matrix, its runner and its reports."""
