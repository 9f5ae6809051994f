"""STL of a device of N × N pillars on a plate: speed and memory against plain writing to the same disk, in one run.

Usage: python benchmarks/stl_of_devices.py [--folder DIR] [--runs 3] [N ...]        (316 and 1000 by default)

1000 × 1000 pillars (32-gons) have 132 million triangles: 6.6 GB, written several times and deleted after each. Every run writes
the body in a process of its own, and beside it as many bytes from a buffer in memory, both down to the disk (fsync).
Files of up to 316 × 316 are read again and checked: closed and oriented, and of the right volume.

The check for closedness takes one pass and no table. Every corner's 12 bytes get a hash, and an edge from a to b the number
H(a, b) = g(a, b) − g(b, a) modulo 2^64, with a mixing function g. So H(b, a) = −H(a, b), and all edges of a file add up to 0 if
every edge is passed as often one way as the other. If one is not, the sum is 0 by chance only, once in 2^64.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import geom3d
from geom3d.exports.stl import CHUNK, RECORD, write_stl

PITCH, DIAMETER, HEIGHT, BASE, SIDES = 10.0, 5.0, 50.0, 1.0, 32
#: Files are in mm.
PER_UM = 1e-3
#: Files of more pillars a side are not read again.
READ = 316


def device() -> geom3d.Design:
    return geom3d.design(
        {
            "architecture": "pillars",
            "tolerance": DIAMETER / 2 * (1 - math.cos(math.pi / SIDES)),
            "parameters": {"lattice": "square", "pitch": PITCH, "diameter": DIAMETER, "height": HEIGHT, "base": BASE},
        }
    )


def write(n: int, path: Path) -> dict[str, float]:
    """From the description to a file on the disk; in a process of its own."""
    device().walls()  # pays for imports
    start = time.perf_counter()
    with path.open("wb") as file:
        count = write_stl(file, device().walls(), [0], (n, n), PER_UM, "geom3d device, mm")
        file.flush()
        os.fsync(file.fileno())
    seconds = time.perf_counter() - start
    # Linux counts in kB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"triangles": count, "seconds": seconds, "memory": peak}


def write_plain(size: int, path: Path) -> float:
    """Seconds for as many bytes from memory, in blocks as large as the exporter's."""
    buffer = memoryview(os.urandom(CHUNK * RECORD.itemsize))
    start = time.perf_counter()
    with path.open("wb") as file:
        for at in range(0, size, len(buffer)):
            file.write(buffer[: size - at])
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - start


def read(path: Path, centre: tuple[float, float, float]) -> tuple[bool, float]:
    """Whether a file is closed and oriented, and its volume by the divergence theorem about a point."""
    total, volume = 0, 0.0
    with path.open("rb") as file:
        file.seek(84)
        while len(raw := np.fromfile(file, dtype=RECORD, count=CHUNK)):
            corners = np.ascontiguousarray(raw["corners"])
            total = (total + edges(corners)) % 2**64
            a, b, c = (corners[:, k].astype(np.float64) - centre for k in range(3))
            volume += float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6
    return total == 0, volume


def edges(corners: np.ndarray) -> int:
    """Sum of H over the edges of (n, 3, 3) corners, modulo 2^64."""
    corner = hashes(corners)
    after = np.roll(corner, -1, axis=1)
    return int(np.sum(mixed(corner + mixed(after)) - mixed(after + mixed(corner)), dtype=np.uint64))


def hashes(corners: np.ndarray) -> np.ndarray:
    """A 64-bit hash of the bytes of each corner."""
    words = (corners + np.float32(0)).view(np.uint32).astype(np.uint64)  # 0 and -0 are one place
    return mixed(words[..., 0] + mixed(words[..., 1] + mixed(words[..., 2])))


def mixed(x: np.ndarray) -> np.ndarray:
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014), which leaves no bit where it was."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[316, 1000], metavar="N")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(write(given.sizes[0], given.child)))
        return
    head = f"{'N':>5} {'run':>4} {'triangles':>12} {'bytes':>14} {'time / s':>9} {'MB/s':>6}"
    print(f"{head} {'peak MB':>8} {'plain MB/s':>11} {'ratio':>6}")
    for n in given.sizes:
        measure(n, given.folder, given.runs)


def measure(n: int, folder: Path, runs: int) -> None:
    walls = device().walls()
    size = 84 + 50 * sum(len(faces) * len(columns) for _, columns, faces, _ in walls.tiles([0], (n, n)))
    if shutil.disk_usage(folder).free < 1.2 * size:
        sys.exit(f"{folder}: {size / 1e9:.1f} GB needed and more; choose another folder with --folder")
    ours, plain = [], []
    with tempfile.TemporaryDirectory(dir=folder) as name:
        path = Path(name, "device.stl")
        write_plain(size, path)  # not counted: memory and disk that a virtual machine has not touched yet are slower
        path.unlink()
        for run in range(1, runs + 1):
            command = [sys.executable, __file__, str(n), "--child", str(path)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)  # noqa: S603
            assert path.stat().st_size == size == 84 + 50 * found["triangles"]
            if run == runs and n <= READ:
                check(path, n)
            path.unlink()
            ours.append(found["seconds"])
            plain.append(write_plain(size, path))
            path.unlink()
            print(
                f"{n:5} {run:4} {found['triangles']:12,} {size:14,} {ours[-1]:9.2f} {size / ours[-1] / 1e6:6.0f} "
                f"{found['memory']:8.0f} {size / plain[-1] / 1e6:11.0f} {plain[-1] / ours[-1]:6.2f}",
                flush=True,
            )
    print(f"{n:5} best of each: {min(ours):.2f} s, plain {min(plain):.2f} s, ratio {min(plain) / min(ours):.2f}")


def check(path: Path, n: int) -> None:
    area = math.pi * DIAMETER**2 / 4  # the 32-gon has the circle's area
    exact = n * n * (PITCH**2 * BASE + area * HEIGHT) * PER_UM**3
    start = time.perf_counter()
    closed, volume = read(path, tuple(length / 2 * PER_UM for length in (n * PITCH, n * PITCH, HEIGHT + BASE)))
    took = time.perf_counter() - start
    print(f"{n:5} read again in {took:.1f} s: closed and oriented: {closed}; volume off by {volume / exact - 1:.1e}")
    if not closed or abs(volume / exact - 1) > 1e-6:
        sys.exit("the file is wrong")


if __name__ == "__main__":
    main()
