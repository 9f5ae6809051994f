"""What a study costs, and what it survives: throughput beside a serial loop, five kills, memory, cost per design, optimum.

Usage: python benchmarks/studies.py [--designs 2000] [--memory 10000] [--parts throughput,kills,memory,overhead,optimum,hypervolume]
"""

from __future__ import annotations

import argparse
import math
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

#: Depths by widths; of ten widths the narrowest is closed by films, so a tenth of the designs cannot be built.
WIDTHS = [3.2, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.4, 7.8]


def study(designs: int) -> dict[str, Any]:
    depths = designs // len(WIDTHS)
    return {
        "title": "benchmark",
        "template": "trenches-notten-2007",
        "vary": {
            "parameters.width": WIDTHS,
            "parameters.depth": {"from": 10, "to": 200, "steps": depths},
        },
        "objectives": {"energy_mWh_cm2": "maximise"},
        "record": ["area_gain.anode", "inter_electrode_distance_um.anode.mean"],
    }


def written(designs: int, folder: Path) -> Path:
    from geom3d.cell.written import toml_text

    path = folder / "study.toml"
    path.write_text(toml_text(study(designs)), "utf-8")
    return path


def count(folder: Path) -> int:
    path = folder / "study.sqlite"
    if not path.is_file():
        return 0
    with sqlite3.connect(path, timeout=60) as file:
        try:
            return int(file.execute("SELECT COUNT(*) FROM designs").fetchone()[0])
        except sqlite3.OperationalError:  # the table is not there yet
            return 0


def serial(designs: int) -> tuple[float, str]:
    import geom3d

    start = time.perf_counter()
    found = geom3d.sweep(study(designs), jobs=1)
    return designs / (time.perf_counter() - start), found.to_csv()


def throughput(designs: int) -> None:
    import geom3d

    geom3d.sweep(study(20), jobs=1)
    alone, table = serial(designs)
    start = time.perf_counter()
    found = geom3d.sweep(study(designs), jobs=2)
    both = designs / (time.perf_counter() - start)
    same = "the same table" if found.to_csv() == table else "ANOTHER TABLE"
    bad = sum(not row.ok for row in found.rows)
    print(f"serial loop                   {alone:8.1f} designs/s  ({designs} designs, {bad} cannot be built)")
    print(f"pool of 2 processes           {both:8.1f} designs/s  {both / alone:.2f} times the serial rate, {same}")


def kills(designs: int) -> None:
    """Killed at random five times, with its processes at work, and resumed each time."""
    import geom3d

    undisturbed = geom3d.sweep(study(designs), jobs=2).to_csv()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = written(designs, folder)
        words = [
            sys.executable,
            "-m",
            "geom3d",
            "sweep",
            str(path),
            "-o",
            str(folder / "out"),
            "--jobs",
            "2",
            "--no-report",
        ]
        for _ in range(5):
            before = count(folder / "out")
            wanted = before + random.randint(1, max(1, designs // 8))  # noqa: S311
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: S603
            while process.poll() is None and count(folder / "out") < wanted:
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            print(f"killed at {count(folder / 'out'):5d} rows")
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        same = (folder / "out" / "results.csv").read_text("utf-8") == undisturbed
        rows = count(folder / "out")
        print(f"{rows} rows of {designs}, {'the same table' if same else 'ANOTHER TABLE'} as an undisturbed run")


def memory(designs: int) -> None:
    """The greatest memory of the process after a tenth of the designs and after all of them."""
    import geom3d

    marks = []
    for part in (designs // 10, designs):
        asked = study(part)
        asked["record"] = []
        geom3d.sweep(asked, jobs=1)
        marks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"memory: {marks[0]:.0f} MB after {designs // 10} designs, {marks[1]:.0f} MB after {designs}")


def overhead(designs: int) -> None:
    """Everything but the work of the designs: describing, hashing, handing out, writing and reading back."""
    import geom3d

    start = time.process_time()
    found = geom3d.sweep(study(designs), jobs=1)
    whole = time.process_time() - start
    work = sum(row.seconds for row in found.rows)
    print(
        f"overhead: {1000 * (whole - work) / designs:.2f} ms for each design of processor time (work {1000 * work / designs:.1f} ms of wall clock)"
    )
    from geom3d.studies import engine, space
    from geom3d.studies.store import Row
    from geom3d.studies.study import make_study

    # Without the geometry: what the machinery alone takes.
    asked, real = make_study(study(designs)), engine.batch
    engine.batch = lambda originals, question, part: [  # type: ignore[assignment]
        Row(c.key, c.label, c.chosen, c.overrides, dict.fromkeys(question.numbers, 1.0)) for c in part
    ]
    start = time.process_time()
    geom3d.sweep(asked, jobs=1)
    machinery = time.process_time() - start
    engine.batch = real
    print(
        f"machinery alone: {1000 * machinery / designs:.2f} ms for each design; {len(list(space.designs(asked)))} designs"
    )


def optimum() -> None:
    """1 + π d h / (d + 3)² has its maximum where d is 3 µm; 200 trials."""
    import geom3d

    posts = {
        "template": "pillars-coated",
        "set": {"layers": [], "parameters.height": 30, "parameters.lattice": "square"},
        "vary": {"parameters.diameter": {"from": 0.5, "to": 20}},
        "derive": {"parameters.pitch": "parameters.diameter + 3"},
        "objectives": {"area_gain.scaffold": "maximise"},
    }
    exact = 1 + math.pi * 30 / 12
    for seed in (0, 1, 2):
        found = geom3d.optimize(posts, trials=200, jobs=1, seed=seed)
        best = found.best
        assert best is not None
        value, where = float(best.numbers["area_gain.scaffold"] or 0), best.chosen["parameters.diameter"]
        print(f"seed {seed}: gain {value:.4f} ({100 * (value / exact - 1):+.3f} %), diameter {where:.3f} µm (exact 3)")


def hypervolume() -> None:
    """The shipped study of trenches by TPE, NSGA-II and as many Sobol points: area under the frontier, from one corner."""
    from geom3d.studies.optimise import optimise
    from geom3d.studies.study import Study, load_study, make_study
    from geom3d.studies.sweep import sweep

    shipped = load_study("trenches-drie")
    plan = shipped.plan.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"sampler"})
    plan["constraints"] = {"check": "drie", "numbers": plan["constraints"]["numbers"]}

    def with_sampler(**sampler: Any) -> Study:
        content = {**plan, "sampler": sampler}
        content["constraints"] = {"check": "drie", **content["constraints"]["numbers"]}
        return make_study(content)

    volumes = {}
    for seed in (1, 2, 3):
        with tempfile.TemporaryDirectory() as name:
            learnt = optimise(with_sampler(method="tpe"), Path(name) / "t", trials=192, seed=seed, jobs=2)
            found = optimise(with_sampler(method="nsga2"), Path(name) / "a", trials=192, seed=seed, jobs=2)
            other = sweep(with_sampler(method="sobol", count=192, seed=seed), Path(name) / "b", jobs=2)
        for label, results in (("tpe", learnt), ("nsga2", found), ("sobol", other)):
            points = [
                (float(results["energy_mWh_cm2"][k]), float(results["equivalent_aspect_ratio"][k]))
                for k in results.frontier
            ]
            # Energy from 0 up, aspect ratio from 100 down; the frontier comes with the most energy first.
            area, edge = 0.0, 0.0
            for energy, aspect in sorted(points):
                area += (energy - edge) * (100 - aspect)
                edge = energy
            volumes[label, seed] = area
        print(
            f"seed {seed}: hypervolume {volumes['tpe', seed]:.2f} by TPE, {volumes['nsga2', seed]:.2f} by NSGA-II, {volumes['sobol', seed]:.2f} by Sobol points"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--designs", type=int, default=2000)
    parser.add_argument("--memory", type=int, default=10_000)
    parser.add_argument("--parts", default="throughput,kills,memory,overhead,optimum,hypervolume")
    asked = parser.parse_args()
    for part in asked.parts.split(","):
        if part in ("optimum", "hypervolume"):
            globals()[part]()
        else:
            globals()[part](asked.memory if part == "memory" else asked.designs)


if __name__ == "__main__":
    main()
