"""Picture files: read and written with their depth, alpha and metadata."""
