"""Binary STL: one closed shell per region, and one of the assembly as a single solid.

The unit cell is written tile by tile, so memory stays flat however often it is repeated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from geom3d._version import __version__
from geom3d.core.arrays import FloatArray, IntArray
from geom3d.core.errors import InputError
from geom3d.core.files import replacing
from geom3d.core.progress import Advance, bar
from geom3d.exports import Job, Written
from geom3d.mesh import manifold
from geom3d.mesh.interfaces import InterfaceMesh

#: The settings that it heeds.
USES: tuple[str, ...] = ("unit",)

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
#: Triangles that are prepared at once: 0.8 MB, which stays in a processor's cache.
CHUNK = 16_000
#: The format counts triangles in 32 bits.
MOST_TRIANGLES = 2**32 - 1


def export(job: Job) -> Written:
    """Writes every region and the assembly."""
    entries, warnings = [], []
    bodies = job.bodies
    with bar("STL", len(bodies) * math.prod(job.repeat)) as advance:
        for body, labels in bodies.items():
            path = job.path(body, "stl")
            head = f"geom3d {__version__} {body} unit={job.unit} scale={job.scale:g}"
            with replacing(path) as file:
                count = write_stl(file, job.walls, labels, job.repeat, job.factor, head, advance)
            entries.append({"file": path.name, "body": body, "triangles": count, "bytes": 84 + 50 * count})
            warnings += _warnings(job, body, labels)
    return Written(entries, warnings)


def estimate(job: Job) -> dict[str, int]:
    """Bytes of every file."""
    return {
        job.path(body, "stl").name: 84 + 50 * triangles(job.walls, labels, job.repeat)
        for body, labels in job.bodies.items()
    }


def triangles(walls: InterfaceMesh, labels: Sequence[int], repeat: tuple[int, int]) -> int:
    """Triangles of the shell of a repeated body.

    Raises:
        InputError: where there are more than the format can count.
    """
    count = manifold.count(walls, labels, repeat)
    if count > MOST_TRIANGLES:
        raise InputError(
            f"repeat: {repeat[0]} × {repeat[1]} cells have {count:,} triangles; "
            f"a binary STL file holds {MOST_TRIANGLES:,}: take fewer cells or a larger tolerance"
        )
    return count


def write_stl(
    file: BinaryIO,
    walls: InterfaceMesh,
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
        advance: called with the number of tiles written.

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
    # Equal tiles of all rows together, column by column: so x is set once, and from row to row only y changes.
    parts: dict[tuple[int, int], tuple[range, IntArray, IntArray, list[int]]] = {}
    for row, columns, faces, index in walls.tiles(labels, repeat):
        parts.setdefault((id(faces), columns.start), (columns, faces, index, []))[3].append(row)
    for columns, faces, index, rows in parts.values():
        tiles = _Tiles(walls, labels, faces, index, len(columns), factor)
        for start in range(columns.start, columns.stop, tiles.capacity):
            some = range(start, min(start + tiles.capacity, columns.stop))
            tiles.place(some)
            for row in rows:
                total += tiles.write(file, row, fine)
                advance(len(some))
    file.seek(80)
    file.write(np.uint32(total).astype("<u4").tobytes())
    file.seek(0, 2)
    return total


class _Tiles:
    """Triangles of equal tiles in a row, ready to be written for any row.

    Normals are those of the corners as they are stored: rounding turns slivers, and some readers compare.

    Attributes:
        capacity: tiles that are written at once.
    """

    def __init__(
        self, walls: InterfaceMesh, labels: Sequence[int], faces: IntArray, index: IntArray, tiles: int, factor: float
    ) -> None:
        self.capacity = min(tiles, max(1, CHUNK // max(1, len(faces))))
        self._period, self._factor = walls.size[:2], factor
        self._corners = walls.vertices[faces]
        outward = np.isin(walls.back_region[index], labels)
        normal = walls.area_vectors[index] / walls.areas[index, None]
        self._normals = np.where(outward[:, None], normal, -normal)
        self._block = np.zeros((self.capacity, len(faces)), dtype=RECORD)
        self._block["corners"][..., 2] = self._corners[..., 2] * factor
        self._uz, self._vz = _sides(self._block["corners"][0, :, :, 2])
        # Room for numbers on the way, so that none is asked for again and again.
        self._a, self._b, self._ny2 = (np.empty(self._block.shape) for _ in range(3))

    def place(self, columns: range) -> None:
        """Puts the tiles into these columns."""
        self._records = self._block[: len(columns)]
        shifts = np.arange(columns.start, columns.stop) * self._period[0]
        places = self._records["corners"][..., 0]
        places[:] = (self._corners[None, :, :, 0] + shifts[:, None, None]) * self._factor
        self._ux, self._vx = _sides(places)
        self._ny = self._uz * self._vx - self._ux * self._vz
        np.multiply(self._ny, self._ny, out=self._ny2[: len(columns)])

    def write(self, file: BinaryIO, row: int, fine: bool) -> int:
        """Writes the tiles in a row; returns the number of triangles."""
        records, count = self._records, len(self._records)
        y = ((self._corners[..., 1] + row * self._period[1]) * self._factor).astype(np.float32)
        records["corners"][..., 1] = y
        uy, vy = _sides(y)
        nx = uy * self._vz - self._uz * vy
        nz, length = np.multiply(self._ux, vy, out=self._a[:count]), np.multiply(self._vx, uy, out=self._b[:count])
        nz -= length
        np.multiply(nz, nz, out=length)
        length += self._ny2[:count]
        length += nx * nx
        np.sqrt(length, out=length)
        whole = bool(length.all())
        if not whole:
            gone = length == 0
            length[gone] = 1
        for axis, part in enumerate((nx, self._ny, nz)):
            np.divide(part, length, out=records["normal"][..., axis], casting="same_kind")
        if not whole:
            records["normal"][gone] = self._normals[np.nonzero(gone)[1]]
        out: NDArray[Any] = records.ravel()
        if not fine:
            # Where float32 merges two corners, both triangles at that edge vanish together: the shell stays closed.
            a, b, c = (out["corners"][:, k] for k in range(3))
            out = out[((a != b).any(axis=1)) & ((b != c).any(axis=1)) & ((c != a).any(axis=1))]
        file.write(out.data)
        return len(out)


def _sides(corners: NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
    """(…,) one coordinate of two sides of triangles, from the first corner, out of (…, 3) of the corners."""
    first = corners[..., 0]
    return (corners[..., 1] - first).astype(np.float64), (corners[..., 2] - first).astype(np.float64)


def _resolution(walls: InterfaceMesh, repeat: tuple[int, int]) -> float:
    """Largest step between neighbouring float32 numbers within the array, µm (the file's unit does not matter)."""
    reach = max(walls.size[0] * repeat[0], walls.size[1] * repeat[1], walls.size[2])
    return float(np.spacing(np.float32(reach)))


def _is_fine(walls: InterfaceMesh, repeat: tuple[int, int]) -> bool:
    """Whether float32 keeps all vertices apart."""
    ends = walls.vertices[walls.triangles]
    shortest = np.abs(ends - np.roll(ends, -1, axis=1)).max(axis=2).min()
    return bool(shortest > 4 * _resolution(walls, repeat))


def _warnings(job: Job, body: str, labels: list[int]) -> list[str]:
    walls, found = job.walls, []
    pinched = int(np.count_nonzero(walls.edge_uses(walls.shell(labels)[0]) > 2))
    if pinched:
        found.append(f"{body} touches itself along {pinched} edges: it is closed, but slicers may complain")
    if body == "assembly" and not _is_fine(walls, job.repeat):
        found.append(
            f"details near {_resolution(walls, job.repeat):.2g} µm are rounded: STL keeps 24 bits of a coordinate"
        )
    return found
