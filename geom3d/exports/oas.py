"""OASIS masks: for every region one layer per range of heights in which its outline does not change.

The same layers as `gds.py` writes, in the smaller and newer format.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from geom3d.exports import Job, Written
from geom3d.exports.gds import mask_sizes, write_masks

#: The settings that it heeds.
USES: tuple[str, ...] = ()

if TYPE_CHECKING:
    import gdstk

#: The record END, which closes a whole file, has this many bytes and begins with this one.
LAST, END = 256, 2


def export(job: Job) -> Written:
    """Writes the masks, the table of layers and the layer properties."""
    return write_masks(job, "oas", sys.maxsize, _write)


def estimate(job: Job) -> dict[str, int]:
    """Bytes of the three files: of each coordinate 32 bits and its sign, 7 to a byte."""
    return mask_sizes(job, "oas", lambda corners: 80 + 12 * (corners + 1))


def _write(library: gdstk.Library, path: Path) -> bool:
    """Writes a file; returns whether it is whole."""
    library.write_oas(path, compression_level=9, detect_trapezoids=False, validation="crc32")
    data = path.read_bytes()
    return len(data) > LAST and data[-LAST] == END
