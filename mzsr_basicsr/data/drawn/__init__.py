"""Drawn graphics as HR images beside photographs: text, charts, plots, cartoons, line art, maps, screens, scans."""
