"""The fingerprints of lines that GitHub's code scanning knows places by, whatever is added above them.

They are those that the action ``github/codeql-action/upload-sarif`` computes, which reports any other value as
inconsistent: a polynomial over what follows the start of a line, without blanks, and how often that came before.
"""

from __future__ import annotations

import re
import struct
from collections import Counter

BLOCK = 100
FACTOR = 37
MASK = 2**64 - 1
END = 0xFFFF


def line_hashes(data: bytes) -> list[str]:
    """The fingerprint of each line of a file, the empty one behind the last line end included."""
    text = re.sub("\r\n?", "\n", data.decode("utf-8", "replace")).replace(" ", "").replace("\t", "")
    encoded = text.encode("utf-16-le")
    units = struct.unpack(f"<{len(encoded) // 2}H", encoded)
    starts = [0, *(i + 1 for i, unit in enumerate(units) if unit == ord("\n"))]
    padded = (*units, END, *[0] * BLOCK)
    seen: Counter[int] = Counter()
    hashes = []
    for start in starts:
        value = 0
        for unit in padded[start : start + BLOCK]:
            value = (value * FACTOR + unit) & MASK
        seen[value] += 1
        hashes.append(f"{value:x}:{seen[value]}")
    return hashes
