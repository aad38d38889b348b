"""`mzsr web`: a page to drop a photo or a clip on, served by this machine to its own browser."""
