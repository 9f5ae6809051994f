"""Random wall profiles under random films: a checked cell whose every STL is watertight, or one clear error.

python benchmarks/random_profiles.py 300        # so many per architecture; --only pillars; --first 17
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import numpy as np
import trimesh

import geom3d
from geom3d.core.errors import GeometryError, InputError

ARCHITECTURES = (
    "pillars",
    "tubes",
    "pores",
    "trenches",
    "honeycomb",
    "interdigitated_pillars",
    "interdigitated_plates",
    "grid",
)


def description(name, random):
    """A random design of an architecture: small, so that many can be tried."""
    between = lambda low, high: float(np.exp(random.uniform(np.log(low), np.log(high))))  # noqa: E731
    pitch, depth = between(2, 12), between(0.5, 12)
    width = pitch * random.uniform(0.2, 0.8)
    lattice = str(random.choice(["square", "hexagonal"]))
    parameters = {
        "pillars": {"lattice": lattice, "pitch": pitch, "diameter": width, "height": depth},
        "tubes": {
            "lattice": lattice,
            "pitch": pitch,
            "outer_diameter": width,
            "inner_diameter": width * random.uniform(0.3, 0.9),
            "height": depth,
        },
        "pores": {"lattice": lattice, "pitch": pitch, "diameter": width, "depth": depth},
        "trenches": {"pitch": pitch, "width": width, "depth": depth},
        "honeycomb": {"pitch": pitch, "wall": width, "depth": depth},
        "interdigitated_pillars": {
            "pattern": str(random.choice(["checkerboard", "alternating_rows", "hexagonal"])),
            "mounting": "substrate",
            "pitch": pitch,
            "anode_diameter": width,
            "cathode_diameter": width,
            "height": depth,
        },
        "interdigitated_plates": {
            "anode_width": width,
            "cathode_width": width * random.uniform(0.5, 1.5),
            "gap": pitch - width,
            "height": depth,
        },
        "grid": {"pattern": str(random.choice(["square", "lines", "hexagonal"])), "pitch": pitch, "width": width},
    }[name]
    small = min(depth, pitch - width, width)
    films = [between(0.1, 1) * 0.3 * small for _ in range(int(random.integers(1, 5)))]
    if name == "grid":  # its lines are the films, and as high as these together
        depth, small = sum(films), min(sum(films), small)
    scallop = depth * random.uniform(0.12, 0.6)
    parts = {
        "sidewall_angle": random.uniform(80, 94),
        "bow": random.uniform(-0.1, 0.2) * small,
        "scallop": {"pitch": scallop, "depth": scallop * random.uniform(0.03, 0.4)},
        "foot_radius": random.uniform(0, 0.3) * small,
        "rim_radius": random.uniform(0, 0.3) * small,
        "notch": {"height": depth * random.uniform(0.05, 0.4), "depth": 0.15 * small * random.uniform(0.1, 1)},
        "table": [[0, 0], [depth * 0.4, random.uniform(-0.1, 0.1) * small], [depth, random.uniform(-0.1, 0.1) * small]],
    }
    chosen = [key for key in parts if random.random() < 0.35]
    layers = []
    for k, top in enumerate(films if name == "grid" else [between(0.002, 0.3 * small) for _ in films[1:]]):
        thickness = top
        if name != "grid" and random.random() < 0.5:
            thickness = {"top": top, "middle": top * random.uniform(0.5, 1.2), "bottom": top * random.uniform(0.1, 1.2)}
        layers.append({"name": f"film {k}", "role": "barrier", "material": "tin-nitride", "thickness": thickness})
    if random.random() < 0.2 and name != "grid":
        fill = {
            "name": "fill",
            "role": "barrier",
            "material": "tin-nitride",
            "fill_to": depth * random.uniform(-0.8, 0.5),
        }
        layers.insert(int(random.integers(0, len(layers) + 1)), fill)
    return {
        "architecture": name,
        "parameters": parameters,
        "profile": {key: parts[key] for key in chosen},
        "film_edges": "round",
        "layers": layers,
        "repeat": [2, 1],
    }


def written(walls, label):
    """The body of a region in an array of 2 × 1 cells as an STL file holds it: triangles of float32, corners equal to the bit."""
    parts = []
    for row, columns, faces, _ in walls.tiles([label], (2, 1)):
        for column in columns:
            shift = np.array([column * walls.size[0], row * walls.size[1], 0.0])
            parts.append((walls.vertices[faces] + shift).astype(np.float32))
    soup = np.concatenate(parts)
    return trimesh.Trimesh(soup.reshape(-1, 3), np.arange(3 * len(soup)).reshape(-1, 3), process=True)


def trial(name, seed):
    """ "cell" or "error", for one random design; raises what must not happen."""
    asked = description(name, np.random.default_rng([seed, ARCHITECTURES.index(name)]))
    try:
        step = geom3d.design(asked).cell().step
        # Grids from about the usual one to the coarsest that is allowed.
        coarse = {} if step is None else {"resolution": step * np.random.default_rng(seed).uniform(1.2, 1.9)}
        walls = geom3d.design(asked | coarse).walls()
    except InputError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert len(message) < 600
        assert message.count("\n") <= 1
        return "error"
    for label, region in enumerate(walls.names):
        body = written(walls, label)
        assert body.is_watertight, f"{region} has open edges: {asked}"
    assert walls.volumes.min() >= 0
    return "cell"


def main():
    """Runs many trials; the exit code is 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--only", choices=ARCHITECTURES, action="append")
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    failed = 0
    for name in options.only or ARCHITECTURES:
        found, start = Counter(), time.process_time()
        for seed in range(options.first, options.first + options.count):
            try:
                found[trial(name, seed)] += 1
            except (AssertionError, GeometryError, Exception) as error:  # noqa: BLE001 - all are counted and shown
                failed += 1
                print(f"{name} {seed}: {type(error).__name__}: {str(error)[:300]}", flush=True)
        print(f"{name}: {dict(found)}, {time.process_time() - start:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
