"""The meta-test on one image (paper, section 3.4)."""
