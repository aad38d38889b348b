"""What a clip says of the screen it was mastered on (SMPTE ST 2086) and of its brightest light (CTA-861.3)."""

from __future__ import annotations

import struct

import av
from av.sidedata.sidedata import SideData

_RATIONALS = "=20iII"  # 10 numbers as numerator and denominator: red, green, blue and white point, darkest, brightest
_MOVING = ("DYNAMIC_HDR_PLUS", "DOVI_RPU_BUFFER", "DOVI_METADATA", "DYNAMIC_HDR_VIVID")


def light_of(frame: av.VideoFrame) -> str:
    """Give it as x265 takes it, "master-display=...:max-cll=..."; empty if the frame says nothing."""
    texts = []
    screen = frame.side_data.get("MASTERING_DISPLAY_METADATA")
    if isinstance(screen, SideData) and len(bytes(screen)) >= struct.calcsize(_RATIONALS):
        *pairs, has_colours, has_light = struct.unpack_from(_RATIONALS, bytes(screen))
        numbers = [top / bottom if bottom else 0.0 for top, bottom in zip(pairs[::2], pairs[1::2], strict=True)]
        if has_colours and has_light:
            # x265 counts colours in 1/50000, light in 1/10000 cd/m², and begins with green.
            points = [f"({x * 50000:.0f},{y * 50000:.0f})" for x, y in zip(numbers[:8:2], numbers[1:8:2], strict=True)]
            red, green, blue, white = points
            texts.append(
                f"master-display=G{green}B{blue}R{red}WP{white}L({numbers[9] * 10000:.0f},{numbers[8] * 10000:.0f})"
            )
    most = frame.side_data.get("CONTENT_LIGHT_LEVEL")
    if isinstance(most, SideData) and len(bytes(most)) >= 8:
        texts.append("max-cll={},{}".format(*struct.unpack_from("=2I", bytes(most))))
    return ":".join(texts)


def has_moving(frame: av.VideoFrame) -> bool:
    """Tell whether there is what changes from scene to scene: HDR10+, Dolby Vision or HDR Vivid."""
    return any(isinstance(frame.side_data.get(name), SideData) for name in _MOVING)
