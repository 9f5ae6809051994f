"""How honest stated uncertainties are: random sponges, each measured on its grid and on a finer one.

    python benchmarks/uncertainty.py --number 40 --seed 1

A figure counts as outside where the finer grid's value lies further away than its uncertainty; the table shows by figure
how many do, how many by more than three times, and the worst. The finer grid's own error is part of what is seen.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

import geom3d
from geom3d.core.errors import InputError
from geom3d.core.tables import show

#: Figures that are no more than rounding apart agree.
ROUNDING = 1e-9
#: What is measured that way but is no result.
OWN = ("sponge.grid_step_um",)
#: Share of the smallest radius of curvature that is the grid's step, at least and at most; 0.2 is usual.
STEPS = (0.4, 0.5)
#: How much finer the other grid is, at least and at most.
FINER = (1.5, 2.0)


def description(rng: np.random.Generator, kind: int) -> dict[str, Any]:
    """A random small sponge under a random stack, and a step of the grid."""
    thick = float(10 ** rng.uniform(-1.5, -0.5))
    parameters: dict[str, Any]
    if kind % 4 == 0:
        name, radius = "spinodal", 3.0 / (2 * np.pi)
        parameters = {"wavelength": 3.0, "periods": 2, "height": 2.0, "solid_fraction": float(rng.uniform(0.3, 0.6))}
        parameters["seed"] = int(rng.integers(1000))
    elif kind % 4 == 1:
        name, surface = "tpms", str(rng.choice(["gyroid", "schwarz_p", "diamond"]))
        radius = 4.0 / (2 * np.pi * {"gyroid": 2**0.5, "schwarz_p": 1.0, "diamond": 3**0.5}[surface])
        sheet = bool(rng.integers(2))
        share = float(rng.uniform(0.2, 0.4) if sheet else rng.uniform(0.35, 0.6))
        parameters = {"period": 4.0, "height": 2.5, "surface": surface, "solid_fraction": share}
        parameters["kind"] = "sheet" if sheet else "network"
    elif kind % 4 == 2:
        name, radius = "spheres", 0.25
        pores = bool(rng.integers(2))
        parameters = {"radius": 1.0, "periods": 2, "height": 2.0, "void_fraction": float(rng.uniform(0.5, 0.75))}
        parameters |= {"kind": "pores" if pores else "particles", "seed": int(rng.integers(1000))}
        thick *= 0.7
    else:
        name, radius = "inverse_opal", 0.1
        parameters = {"diameter": 1.0, "overlap": float(rng.uniform(0.05, 0.15)), "height": 1.2}
        thick *= 0.2
    layers = [
        {"name": "cathode", "role": "cathode", "material": "licoo2", "thickness": thick * float(rng.uniform(0.5, 1.5))},
        {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": thick},
        {"name": "anode", "role": "anode", "material": "lithium", "fill_to": float(rng.choice([-0.3, 0.4, 1.0]))},
    ]
    if rng.integers(2):
        del layers[0]["thickness"], layers[0]
        web = {"material": "licoo2", "role": "cathode"}
    else:
        web = {"material": "nickel", "role": "cathode_collector"}
    return {
        "architecture": name,
        "parameters": parameters,
        "materials": {"backing": {"material": "gold", "role": "cathode_collector"}, "scaffold": web},
        "layers": layers,
        "resolution": round(float(rng.uniform(*STEPS)) * radius, 4),
    }


def figures(report: geom3d.Report) -> dict[str, tuple[float, float]]:
    """Value and uncertainty by path."""
    return {
        row.path: (float(row.value), float(row.uncertainty))
        for row in report.rows()
        if isinstance(row.value, float) and row.uncertainty is not None and row.path not in OWN
    }


def compared(given: dict[str, Any], finer: float) -> Iterator[tuple[str, float, float, float]]:
    """Path, value, value on the finer grid, and uncertainty of every figure of a sponge."""
    rough = figures(geom3d.design(given).measure())
    fine = figures(geom3d.design(given | {"resolution": given["resolution"] / finer}).measure())
    for path, (value, error) in rough.items():
        # What no grid changes is not at stake.
        if path in fine and (error > 0 or ratio(value, fine[path][0], error) > 0):
            yield path, value, fine[path][0], error


def ratio(value: float, fine: float, error: float) -> float:
    """Deviation over uncertainty; 0 for no more than rounding."""
    away = abs(value - fine)
    if away <= ROUNDING * max(abs(value), abs(fine)):
        return 0.0
    return away / error if error > 0 else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--number", type=int, default=40, help="of sponges that can be built")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60.0, help="no further sponge is begun after so long")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    found: dict[str, list[float]] = defaultdict(list)
    begun, done, drawn = time.perf_counter(), 0, 0
    while done < arguments.number and time.perf_counter() - begun < 60 * arguments.minutes:
        given, finer = description(rng, drawn), float(rng.uniform(*FINER))
        drawn += 1
        try:
            rows = list(compared(given, finer))
        except InputError as error:  # closed throats, webs in pieces
            print(f"- {given['architecture']}: {error}", flush=True)
            continue
        done += 1
        ratios = {path: ratio(value, fine, error) for path, value, fine, error in rows}
        for path, far in ratios.items():
            found[path].append(far)
        outside = {path: round(far, 1) for path, far in ratios.items() if far > 1}
        print(f"{done} {given['architecture']} {len(rows)} figures, outside: {outside or 'none'}", flush=True)
    table(found)


def table(found: dict[str, list[float]]) -> None:
    """Prints how many figures lie outside, by figure and in all."""
    print(f"\n{'figure':52} {'number':>6} {'outside':>8} {'by 3 x':>7} {'worst':>7}")
    for path, ratios in found.items():
        print(line(path, ratios))
    print(line("all", [far for ratios in found.values() for far in ratios]))


def line(path: str, ratios: list[float]) -> str:
    """A line of the table."""
    counts = [sum(far > limit for far in ratios) for limit in (1, 3)]
    return f"{path:52} {len(ratios):6} {counts[0]:8} {counts[1]:7} {show(max(ratios, default=0.0)):>7}"


if __name__ == "__main__":
    main()
