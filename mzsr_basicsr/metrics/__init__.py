"""BasicSR metric adapters."""
