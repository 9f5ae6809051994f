"""The flattest tetrahedron in volume meshes of random sponges, with walls kept and with flat ones taken out.

    python benchmarks/flat_tetrahedra.py --number 1000 [--seed 1]

Sponges of every kind that is registered, with films from 3 nm to 1 µm, on the coarsest grid that may be asked for: the worst that a
design can be. Those with a film thinner than a tenth of the grid's step are counted apart. A table by kind: designs, refused ones, the
least mean ratio with walls kept, the least and a hundredth of the designs' least ones without flat tetrahedra, the most by which the volume
of a region and the area of an interface changed, meshes that were left as they were, and seconds for a mesh. The exit code is 1 where a
mesh failed.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from drawn_designs import sponges
from fuzz import sampled

import geom3d
from geom3d import architectures
from geom3d.architectures._sponge import SpongeParameters
from geom3d.core.errors import GeometryError, InputError
from geom3d.mesh.volume import volume_mesh


def names() -> list[str]:
    """Architectures of random or periodic sponges."""
    models = {name: architectures.get(name).Parameters for name in architectures.names() if sampled(name)}
    return [name for name, model in models.items() if issubclass(model, SpongeParameters)]


def main() -> int:
    """Draws, meshes, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found, refused, failed = defaultdict(list), defaultdict(int), []

    @seed(arguments.seed)
    @settings(
        max_examples=arguments.number,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(names()).flatmap(sponges))
    def one(description: dict[str, object]) -> None:
        name = str(description["architecture"])
        try:
            design = geom3d.design(description)
            walls = design.walls()
        except (InputError, GeometryError):
            refused[name] += 1
            return
        try:
            before = volume_mesh(walls, keep_walls=True)
            start = time.perf_counter()
            after = volume_mesh(walls)
            took = time.perf_counter() - start
        except GeometryError as error:
            failed.append((description, str(error)))
            return
        count = len(walls.names)
        volume = np.abs(after.region_volumes()[:count] / walls.volumes[:count] - 1).max()
        areas, expected = after.interface_areas(), before.interface_areas()
        area = max(abs(areas[pair] / expected[pair] - 1) for pair in expected)
        least = [mesh.quality()["mean_ratio"]["min"] for mesh in (before, after)]
        films = [layer["thickness"] for layer in description["layers"] if "thickness" in layer]
        if min(films, default=math.inf) < design.cell().step / 10:
            name += ", thin"
        found[name].append((*least, volume, area, before.tetrahedra.shape == after.tetrahedra.shape, took))
        if sys.stderr.isatty():
            print(f"\r{sum(map(len, found.values()))} meshes", end="", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one()
    print("| sponge | meshes | refused | least before | least | 1 % | volume | area | left | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    groups = {name: [name] for name in sorted(found)}
    groups["all"] = [name for name in groups if not name.endswith("thin")]
    groups["all, thin"] = [name for name in groups if name.endswith("thin")]
    for name, own in groups.items():
        rows = np.array([row for one in own for row in found[one]], dtype=float)
        if not len(rows):
            continue
        before, after, volume, area, left, took = rows.T
        print(
            f"| {name} | {len(rows)} | {sum(refused[one] for one in own)} | {before.min():.1e} | {after.min():.1e} "
            f"| {np.quantile(after, 0.01):.1e} | {volume.max():.1e} | {area.max():.1e} | {int(left.sum())} | {took.mean():.2f} |"
        )
    for description, error in failed:
        print(f"failed: {description}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
