"""One image from its pixels to its enlarged pixels: kernel, adaptation, tiles."""
