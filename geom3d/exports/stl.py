"""Binary STL: one closed shell per region, and one of the assembly as a single solid.

The unit cell is written tile by tile, so memory stays flat however often it is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geom3d import __version__
from geom3d.errors import InputError
from geom3d.exports import Job, replacing
from geom3d.progress import Advance, bar
from geom3d.walls import IntArray, Walls

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
#: Triangles that are prepared at once: 5 MB.
CHUNK = 100_000
#: The format counts triangles in 32 bits.
MOST_TRIANGLES = 2**32 - 1


def export(job: Job) -> list[dict[str, Any]]:
    """Writes every region and the assembly."""
    entries = []
    bodies = job.bodies
    with bar("STL", len(bodies) * job.repeat[1]) as advance:
        for body, labels in bodies.items():
            path = job.path(body, "stl")
            head = f"geom3d {__version__} {body} unit={job.unit} scale={job.scale:g}"
            with replacing(path) as file:
                count = write_stl(file, job.walls, labels, job.repeat, job.factor, head, advance)
            entries.append({"file": path.name, "body": body, "triangles": count, "bytes": 84 + 50 * count})
            _warn(job, body, labels)
    return entries


def estimate(job: Job) -> dict[str, int]:
    """Bytes of every file."""
    return {
        job.path(body, "stl").name: 84 + 50 * triangles(job.walls, labels, job.repeat)
        for body, labels in job.bodies.items()
    }


def triangles(walls: Walls, labels: Sequence[int], repeat: tuple[int, int]) -> int:
    """Triangles of the shell of a repeated body.

    Raises:
        InputError: where there are more than the format can count.
    """
    count = sum(len(faces) * len(columns) for _, columns, faces, _ in walls.tiles(labels, repeat))
    if count > MOST_TRIANGLES:
        raise InputError(
            f"repeat: {repeat[0]} × {repeat[1]} cells have {count:,} triangles; "
            f"a binary STL file holds {MOST_TRIANGLES:,}: take fewer cells or a larger tolerance"
        )
    return count


def write_stl(
    file: BinaryIO,
    walls: Walls,
    labels: Sequence[int],
    repeat: tuple[int, int],
    factor: float,
    head: str,
    advance: Advance = lambda steps: None,
) -> int:
    """Writes the shell of a repeated body.

    Args:
        file: open for writing, seekable.
        walls: of the unit cell.
        labels: the regions taken as one body.
        repeat: unit cells in x and y.
        factor: units of the file per µm.
        head: text of the header, cut at 80 bytes.
        advance: told of every row.

    Returns:
        the number of triangles.

    Raises:
        InputError: where there are more than the format can count.
    """
    triangles(walls, labels, repeat)
    # Some readers take a file whose first word is "solid" for text; this one begins with "geom3d".
    header = head.encode("ascii", "replace")[:80].ljust(80)
    file.write(header + b"\0\0\0\0")
    fine = _is_fine(walls, repeat)
    total = 0
    runs: dict[tuple[int, int], _Run] = {}
    for row, columns, faces, index in walls.tiles(labels, repeat):
        key = (id(faces), len(columns))
        if key not in runs:
            runs[key] = _Run(walls, labels, faces, index, len(columns), factor)
        run = runs[key]
        for start in range(columns.start, columns.stop, run.capacity):
            total += run.write(file, range(start, min(start + run.capacity, columns.stop)), row, fine)
        if columns.stop == repeat[0]:
            advance(1)
    file.seek(80)
    file.write(np.uint32(total).astype("<u4").tobytes())
    file.seek(0, 2)
    return total


class _Run:
    """Triangles of equal tiles in a row, ready to be written at any place: only x and y change from place to place.

    Attributes:
        capacity: tiles that are written at once.
    """

    def __init__(
        self, walls: Walls, labels: Sequence[int], faces: IntArray, index: IntArray, tiles: int, factor: float
    ) -> None:
        self.capacity = min(tiles, max(1, CHUNK // max(1, len(faces))))
        self._period, self._factor = walls.size[:2], factor
        self._corners = walls.vertices[faces]
        outward = np.isin(walls.behind[index], labels)
        normal = walls.area_vectors[index] / walls.areas[index, None]
        self._records = np.zeros((self.capacity, len(faces)), dtype=RECORD)
        self._records["normal"] = np.where(outward[:, None], normal, -normal)
        self._records["corners"][..., 2] = self._corners[..., 2] * factor
        self._columns = self._row = -1

    def write(self, file: BinaryIO, columns: range, row: int, fine: bool) -> int:
        """Writes the tiles of these columns in a row; returns the number of triangles."""
        places = self._records["corners"]
        if self._columns != columns.start:
            # The last columns of a row may be fewer; the surplus is shifted as well and not written.
            shifts = np.arange(columns.start, columns.start + self.capacity) * self._period[0]
            places[..., 0] = (self._corners[None, :, :, 0] + shifts[:, None, None]) * self._factor
            self._columns = columns.start
        if self._row != row:
            places[..., 1] = (self._corners[..., 1] + row * self._period[1]) * self._factor
            self._row = row
        out: NDArray[Any] = self._records[: len(columns)].ravel()
        if not fine:
            # Where float32 merges two corners, both triangles at that edge vanish together: the shell stays closed.
            a, b, c = (out["corners"][:, k] for k in range(3))
            out = out[((a != b).any(axis=1)) & ((b != c).any(axis=1)) & ((c != a).any(axis=1))]
        file.write(out.data)
        return len(out)


def _resolution(walls: Walls, repeat: tuple[int, int]) -> float:
    """Largest step between neighbouring float32 numbers within the array, µm (the file's unit does not matter)."""
    reach = max(walls.size[0] * repeat[0], walls.size[1] * repeat[1], walls.size[2])
    return float(np.spacing(np.float32(reach)))


def _is_fine(walls: Walls, repeat: tuple[int, int]) -> bool:
    """Whether float32 keeps all vertices apart."""
    ends = walls.vertices[walls.triangles]
    shortest = np.abs(ends - np.roll(ends, -1, axis=1)).max(axis=2).min()
    return bool(shortest > 4 * _resolution(walls, repeat))


def _warn(job: Job, body: str, labels: list[int]) -> None:
    walls = job.walls
    pinched = int(np.count_nonzero(walls.edge_uses(walls.shell(labels)[0]) > 2))
    if pinched:
        job.warnings.append(f"{body} touches itself along {pinched} edges: it is closed, but slicers may complain")
    if body == "assembly" and not _is_fine(walls, job.repeat):
        job.warnings.append(
            f"details near {_resolution(walls, job.repeat):.2g} µm are rounded: STL keeps 24 bits of a coordinate"
        )
