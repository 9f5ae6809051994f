"""Long runs and sudden ends: memory over many measures, builds that are killed, builds that share a folder.

    python benchmarks/endurance.py measures [COUNT]     # resident memory on the way, of designs that all differ
    python benchmarks/endurance.py kills [COUNT]        # kill -9 at random moments of a build; what stands, what is left, what the next run removes
    python benchmarks/endurance.py together [COUNT]     # two builds of different designs into one folder at once

The exit code is 1 where memory grows, a file in part or a mixture is found, or something is left. POSIX only: processes are forked.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import geom3d
from geom3d.cli.app import run

TEMPLATE, FORMATS = "trenches-notten-2007", ("stl", "ply", "3mf", "svg")
#: Bytes by which memory may grow from a tenth of the run on: what the allocator keeps here and there.
SLACK = 20e6


def resident() -> int:
    """Bytes of memory of this process."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return 1024 * int(line.split()[1])
    raise SystemExit("this system does not tell the memory of a process")


def measures(count: int) -> bool:
    """Measures so many designs that all differ; whether memory stays flat."""
    draw, start, seen = np.random.default_rng(1), time.monotonic(), []
    for number in range(count + 1):
        if number % max(count // 10, 1) == 0:
            seen.append(resident())
            print(f"{number} measures: {seen[-1] / 1e6:.0f} MB, {time.monotonic() - start:.0f} s", flush=True)
        overrides = {"parameters.depth": float(draw.uniform(1, 100)), "parameters.width": float(draw.uniform(5, 7))}
        geom3d.load(TEMPLATE, overrides).measure()
    return seen[-1] - seen[1] < SLACK


def build(folder: Path, depth: float) -> None:
    """A build in this process, without a word."""
    words = ["build", TEMPLATE, "-o", str(folder), "--set", f"parameters.depth={depth}", "--layer-height", "0.5"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = run([*words, *(word for one in FORMATS for word in ("--format", one))])
    if code:
        raise SystemExit(code)


def forked(folder: Path, depth: float) -> int:
    """A process that builds; its number."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            build(folder, depth)
            code = 0
        finally:
            os._exit(code)
    return child


def content(folder: Path) -> dict[str, str]:
    """A mark of the bytes of every file that is no file in part, by its path; those of the report of one design are its own."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith("."):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def kills(count: int) -> bool:
    """Kills so many builds over an older design, at random; whether every folder is one or the other, and is cleared by the next run."""
    draw, good = np.random.default_rng(2), True
    with tempfile.TemporaryDirectory() as place:
        old, new = Path(place, "old"), Path(place, "new")
        for folder, depth in ((old, 40.0), (new, 30.0)):
            build(folder, depth)
        first, second = content(old), content(new)
        start = time.monotonic()
        os.waitpid(forked(Path(place, "timed"), 30.0), 0)
        whole = time.monotonic() - start
        ends = {"old": 0, "new": 0, "moving": 0, "leftovers": 0}
        for number in range(count):
            folder = Path(place, f"run{number}")
            build(folder, 40.0)
            child = forked(folder, 30.0)
            time.sleep(float(draw.uniform(0, 1.05)) * whole)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            found = content(folder)
            mixed = {name: mark for name, mark in found.items() if mark not in (first.get(name), second.get(name))}
            if mixed or ("report.json" in found and found not in (first, second)):
                good = False
                print(f"run {number}: neither the one nor the other: {sorted(mixed) or sorted(found)}")
            ends["old" if found == first else "new" if found == second else "moving"] += 1
            ends["leftovers"] += bool(left(folder))
            os.waitpid(forked(folder, 30.0), 0)
            if content(folder) != second or left(folder):
                good = False
                print(f"run {number}: the next run left {left(folder) or 'another content'}")
        print(f"{count} kills within {whole:.1f} s: {json.dumps(ends)}")
    return good


def together(count: int) -> bool:
    """Two builds into one folder at once, so many times; whether every folder is wholly the one or the other."""
    good, won = True, {30.0: 0, 40.0: 0}
    with tempfile.TemporaryDirectory() as place:
        wholes = {}
        for depth in won:
            build(Path(place, f"{depth:g}"), depth)
            wholes[depth] = content(Path(place, f"{depth:g}"))
        for number in range(count):
            folder = Path(place, f"run{number}")
            for child in [forked(folder, depth) for depth in won]:
                if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
                    good = False
                    print(f"pair {number}: a build failed")
            found = content(folder)
            winner = next((depth for depth, whole in wholes.items() if whole == found), None)
            if winner is None or left(folder):
                good = False
                print(f"pair {number}: a mixture, or leftovers: {left(folder)}")
            else:
                won[winner] += 1
        print(f"{count} pairs, the last to end: {won}")
    return good


def main() -> int:
    """Runs one of them; the exit code is 1 where something is found."""
    kinds = {"measures": (measures, 1000), "kills": (kills, 100), "together": (together, 20)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("count", type=int, nargs="?")
    options = parser.parse_args()
    work, usual = kinds[options.kind]
    return 0 if work(options.count or usual) else 1


if __name__ == "__main__":
    sys.exit(main())
