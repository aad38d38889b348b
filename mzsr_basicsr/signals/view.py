"""The part of a scene that its mask leaves to learn from."""

from dataclasses import replace

from mzsr_basicsr.signals.scene import Scene

MARGIN = 12  # LR px that are seen around what is learned from


def focused(scene: Scene) -> Scene:
    """Leave out images of which nothing is learned, and cut the others to what is, with a margin."""
    if scene.learned is None:
        return scene
    images = scene.learned.flatten(1).any(1)
    lq, mask = scene.lq[images], scene.learned[images]
    spans = []
    for axis in (-2, -1):
        other = mask.any(-1 if axis == -2 else -2).flatten(0, 1).any(0).nonzero().flatten()
        first, last = max(int(other.min()) - MARGIN, 0), min(int(other.max()) + MARGIN + 1, lq.shape[axis])
        spans.append(slice(first, last))
    lq, mask = lq[..., spans[0], spans[1]], mask[..., spans[0], spans[1]]
    return replace(scene, lq=lq, learned=None if bool(mask.all()) else mask)
