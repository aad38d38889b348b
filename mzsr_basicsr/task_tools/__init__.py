"""Tasks of the law drawn, embedded, shown on a map and sorted into clusters."""
