"""What a drawn plot shows, for tests."""

from matplotlib.backends.backend_agg import FigureCanvasAgg


def lines(figure):
    return [line.get_xydata().tolist() for line in figure.axes[0].lines]


def texts(figure):
    """Labels beside points, and their boxes as the Agg renderer writes them."""
    FigureCanvasAgg(figure).draw()
    return {t.get_text(): t.get_window_extent() for t in figure.axes[0].texts if t.get_text()}
