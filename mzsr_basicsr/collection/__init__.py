"""A whole collection of pictures adapted to: weights for one camera, one scanner, one domain."""
