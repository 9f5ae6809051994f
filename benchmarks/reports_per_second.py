"""Template → report for hexagonal coated pillars with four films, in process, on one core; and start-up times.

Usage: python benchmarks/reports_per_second.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

FILMS = (
    ("barrier", "anode_collector", "titanium-nitride", 0.05),
    ("anode", "anode", "silicon", 0.05),
    ("electrolyte", "electrolyte", "lipon", 0.5),
    ("cathode", "cathode", "licoo2", 1.0),
)


def reports(times: int) -> list[float]:
    import geom3d

    description = {
        "architecture": "pillars",
        "parameters": {"lattice": "hexagonal", "pitch": 10.0, "diameter": 5.0, "height": 50.0},
        "layers": [dict(zip(("name", "role", "material", "thickness"), film, strict=True)) for film in FILMS],
    }
    seconds = []
    for k in range(times):
        description["parameters"]["height"] = 50.0 + k
        start = time.perf_counter()
        geom3d.design(description).measure()
        seconds.append(time.perf_counter() - start)
    return seconds


def command(*words: str) -> float:
    found = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    reports(3)
    middle = statistics.median(reports(40))
    bare = command("-c", "pass")
    print(f"{'template → report, pillars with four films':48} {1 / middle:6.1f} per second")
    for label, words in (
        ("geom3d --help", ("-m", "geom3d", "--help")),
        ("import geom3d", ("-c", "import geom3d")),
        ("geom3d measure pillars-coated", ("-m", "geom3d", "measure", "pillars-coated")),
    ):
        seconds = command(*words)
        print(f"{label:48} {seconds:6.2f} s   {seconds / bare:5.1f} × bare Python ({bare:.3f} s)")


if __name__ == "__main__":
    main()
