"""Template → report for hexagonal coated pillars with four films, in process, on one core; and start-up times.

Usage: python benchmarks/reports_per_second.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

FILMS = (
    ("barrier", "anode_collector", "titanium-nitride", 0.05),
    ("anode", "anode", "silicon", 0.05),
    ("electrolyte", "electrolyte", "lipon", 0.5),
    ("cathode", "cathode", "licoo2", 1.0),
)


#: Numbers that need areas and capacities only.
FEW = ("area_gain", "capacity_uAh_cm2", "energy_mWh_cm2")


def description(height: float, diameter: float) -> dict[str, Any]:
    return {
        "architecture": "pillars",
        "parameters": {"lattice": "hexagonal", "pitch": 10.0, "diameter": diameter, "height": height},
        "layers": [dict(zip(("name", "role", "material", "thickness"), film, strict=True)) for film in FILMS],
    }


def reports(times: int, *, few: bool, new_plans: bool) -> list[float]:
    """Seconds of each report, of processor time: other work on the machine does not count.

    Args:
        times: how many.
        few: areas and capacities only.
        new_plans: whether the plan changes from design to design, or heights alone.
    """
    import geom3d

    seconds = []
    for k in range(times):
        asked = description(50.0 + k, 5.0 - 1e-3 * k if new_plans else 5.0)
        start = time.process_time()
        battery = geom3d.design(asked)
        battery.measure_only(FEW) if few else battery.measure()
        seconds.append(time.process_time() - start)
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
    for few, words in ((False, "full report"), (True, "areas and capacities only")):
        for new_plans, change in ((True, "diameter varied"), (False, "height varied")):
            reports(3, few=few, new_plans=new_plans)
            middle = statistics.median(reports(40, few=few, new_plans=new_plans))
            label = f"pillars with four films, {words}, {change}"
            print(f"{label:68} {1 / middle:6.1f} per second")
    bare = command("-c", "pass")
    for label, words in (
        ("geom3d --help", ("-m", "geom3d", "--help")),
        ("import geom3d", ("-c", "import geom3d")),
        ("geom3d measure pillars-coated", ("-m", "geom3d", "measure", "pillars-coated")),
    ):
        seconds = command(*words)
        print(f"{label:68} {seconds:6.2f} s   {seconds / bare:5.1f} × bare Python ({bare:.3f} s)")


if __name__ == "__main__":
    main()
