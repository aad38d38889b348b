"""Drawn graphics as HR images beside photographs: text, charts, cartoons, line art, maps and screens."""
