"""Text and numbers as HTML shows them, whatever the text holds."""

from __future__ import annotations

import html
import re

# What XML cannot hold, not even escaped; SVG inside the page has to stay readable for XML tools.
_UNSHOWABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(value: object) -> str:
    """``value`` as the text of an element or of a quoted attribute: it cannot end either."""
    shown = html.escape(_UNSHOWABLE.sub(_visible, str(value)))
    # A bare carriage return reads as a line feed.
    return shown.replace("\r", "&#13;")


def _visible(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else f"\\u{code:04x}"


def number(value: float) -> str:
    """Three digits, and a sign for infinity."""
    return f"{value:.3g}".replace("inf", "∞")


def one_line(code: str, most: int = 80) -> str:
    """Code on one line, cut where it is too long for a label."""
    line = " ".join(code.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
