"""Report a benchmark: tables, significance, plots and the page."""
