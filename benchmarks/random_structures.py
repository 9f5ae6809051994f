"""Random files of a user's own, broken ones among them: each must become a structure or be refused in one or two lines.

    python benchmarks/random_structures.py [COUNT] [--kind KIND …] [--measure SHARE]

For every kind COUNT inputs are made, spoilt in a random way and read: files of surface, image and layout, text of formula, numbers of the
others; a SHARE of those that are accepted is measured on a coarse grid, so that the mesh is checked, of prisms all. It prints how many were
accepted and refused by what was wrong with them, and every other outcome, of which there must be none: neither may a file be opened
that a broken one points to, nor memory be taken for what a file only claims to hold. One run of 200 each is what is reported;
tests/architectures/test_random_structures.py runs a few.
"""

from __future__ import annotations

import argparse
import collections
import math
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import gdstk
import numpy as np
import tifffile
import trimesh

import geom3d
from geom3d import architectures
from geom3d.core.errors import InputError


def surface(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """A ball, a torus, a box or two bodies, perhaps spoilt."""
    kind = random.integers(4)
    if kind == 0:
        mesh = trimesh.creation.icosphere(int(random.integers(0, 3)), random.uniform(0.5, 5))
    elif kind == 1:
        mesh = trimesh.creation.torus(3.0, random.uniform(0.5, 1.5), major_sections=24, minor_sections=12)
    elif kind == 2:
        mesh = trimesh.creation.box(random.uniform(1, 5, 3))
    else:
        other = trimesh.creation.icosphere(1, 1.0)
        other.apply_translation(random.uniform(-3, 3, 3))
        mesh = trimesh.util.concatenate([trimesh.creation.icosphere(1, 1.0), other])
    vertices, faces = np.array(mesh.vertices), np.array(mesh.faces)
    spoil = str(
        random.choice(
            [
                "",
                "",
                "",
                "hole",
                "flip",
                "double",
                "nan",
                "inf",
                "inside out",
                "noise",
                "cut",
                "bytes",
                "empty",
                "flat",
                "reach",
            ]
        )
    )
    vertices, faces = _spoil_triangles(random, vertices, faces, spoil)
    suffix = str(random.choice(["stl", "ply", "obj", "glb", "3mf"]))
    path = folder / f"body.{suffix if spoil != 'reach' else 'obj'}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is spoilt on purpose
        try:
            trimesh.Trimesh(vertices, faces, process=False).export(path)
        except (ValueError, IndexError, AttributeError):  # some formats cannot hold what is spoilt
            path.write_bytes(bytes(random.integers(256, size=300, dtype=np.uint8)))
    if spoil == "reach":  # names a file elsewhere, which must not be opened
        path.write_text(f"mtllib {folder / OUTSIDE}\nusemtl own\n" + path.read_text("utf-8"), "utf-8")
    _spoil_bytes(random, path, spoil)
    parameters = {
        "file": str(path),
        "unit": str(random.choice(["um", "um", "um", "mm", "m", "nm", "file"])),
        "periodic": bool(random.random() < 0.2),
        "margin": float(random.uniform(0, 2)),
        "sunk": float(random.choice([0.0, 0.3])),
        "inside": str(random.choice(["solid", "pore"])),
        "loose": str(random.choice(["refuse", "keep"])),
    }
    return spoil or "sound", parameters


def _spoil_triangles(
    random: np.random.Generator, vertices: np.ndarray, faces: np.ndarray, spoil: str
) -> tuple[np.ndarray, np.ndarray]:
    """The corners and triangles with something wrong."""
    if spoil == "hole":
        faces = np.delete(faces, random.integers(len(faces), size=random.integers(1, 4)), axis=0)
    elif spoil == "flip":
        place = random.integers(len(faces))
        faces[place] = faces[place][::-1].copy()
    elif spoil == "double":
        faces = np.concatenate([faces, faces[: random.integers(1, 5)]])
    elif spoil in ("nan", "inf"):
        vertices[random.integers(len(vertices))] = float(spoil)
    elif spoil == "inside out":
        faces = faces[:, ::-1]
    elif spoil == "noise":
        vertices = vertices + random.normal(0, random.uniform(0, 1), vertices.shape)
    elif spoil == "empty":
        faces = faces[:0]
    elif spoil == "flat":
        vertices = vertices * [1, 1, 0]
    return vertices, faces


def image(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """Blurred noise, perhaps spoilt."""
    shape = tuple(int(n) for n in random.integers(3, 24, 3))
    values = random.random(shape)
    for axis in range(3):
        values = values + np.roll(values, 1, axis)
    spoil = str(
        random.choice(
            ["", "", "", "nan", "axes", "same", "objects", "huge", "cut", "bytes", "empty", "words", "colour"]
        )
    )
    if spoil == "nan":
        values[0, 0, 0] = np.nan
    elif spoil == "axes":
        values = values[0]
    elif spoil == "same":
        values[:] = 1
    elif spoil == "empty":
        values = values[:0]
    elif spoil == "words":
        values = values.astype(str)
    elif spoil == "colour":
        values = np.stack([values] * 3, axis=-1)
    elif spoil == "objects":
        values = values.astype(object)
    path = folder / ("voxels.npy" if random.random() < 0.6 else "voxels.tif")
    if spoil == "huge":
        path = folder / "voxels.npy"
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"shape": (1000,) * 3, "fortran_order": False, "descr": "<f8"})
    elif path.suffix == ".tif" and values.dtype.kind == "f" and values.size:
        tifffile.imwrite(path, values.astype(np.float32), photometric="minisblack")
    else:
        path = folder / "voxels.npy"
        np.save(path, values, allow_pickle=True)
    _spoil_bytes(random, path, spoil)
    parameters = {
        "file": str(path),
        "voxel": [float(edge) for edge in random.uniform(0.2, 2, 3)] if random.random() < 0.9 else None,
        "threshold": float(random.uniform(2, 6)),
        "inside": str(random.choice(["solid", "pore"])),
        "sides": str(random.choice(["match", "mirror", "blend"])),
        "smoothing": float(random.uniform(0.5, 4)),
        "loose": str(random.choice(["refuse", "keep", "drop"])),
    }
    return spoil or "sound", parameters


def layout(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """Random polygons in a few levels of references, perhaps spoilt."""
    spoil = str(random.choice(["", "", "", "circle", "huge", "lost", "cut", "bytes", "tangle", "unit", "none"]))
    library = gdstk.Library(unit=float(random.choice([1e-6, 1e-9, 1e-3])) if spoil != "unit" else 1e3, precision=1e-9)
    cells = []
    for level in range(int(random.integers(1, 4))):
        cell = library.new_cell(f"c{level}")
        for _ in range(int(random.integers(0 if spoil == "none" else 1, 4))):
            corners = random.uniform(-5, 5, (int(random.integers(3, 7)), 2))
            if spoil != "tangle":
                middle = corners.mean(axis=0)
                corners = corners[np.argsort(np.arctan2(*(corners - middle).T))]
            cell.add(gdstk.Polygon(corners.tolist(), int(random.integers(1, 3))))
        for other in cells[-1:]:
            count = 3000 if spoil == "huge" else int(random.integers(1, 4))
            cell.add(gdstk.Reference(other, tuple(random.uniform(-9, 9, 2)), columns=count, rows=count, spacing=(9, 9)))
        cells.append(cell)
    if spoil == "circle":
        cells[0].add(gdstk.Reference(cells[-1]))
    elif spoil == "lost":
        cells[0].add(gdstk.Reference("nowhere"))
    path = folder / ("layout.gds" if random.random() < 0.6 or spoil in ("circle", "lost") else "layout.oas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (library.write_gds if path.suffix == ".gds" else library.write_oas)(path)
    _spoil_bytes(random, path, spoil)
    masks = [
        {"layer": layer, "bottom": float(random.choice([0.0, 2.0])), "top": float(random.choice([1.0, 3.0]))}
        for layer in range(1, int(random.integers(2, 4)))
    ]
    parameters: dict = {"file": str(path), "masks": masks}
    if random.random() < 0.3:
        parameters["period"] = [float(edge) for edge in random.uniform(5, 40, 2)]
    return spoil or "sound", parameters


def _spoil_bytes(random: np.random.Generator, path: Path, spoil: str) -> None:
    """Cuts a file short, or changes some of its bytes."""
    content = bytearray(path.read_bytes())
    if spoil == "cut":
        content = content[: int(random.integers(len(content)))]
    elif spoil == "bytes":
        for place in random.integers(len(content), size=int(random.integers(1, 30))):
            content[place] = int(random.integers(256))
    path.write_bytes(bytes(content))


#: Terms that repeat with a period of 5 in x and y; those with a kink after them.
TERMS = [f"{f}({n}*2*pi*{u}/5)" for f in ("sin", "cos") for n in (1, 2) for u in "xy"]
TERMS += ["sin(2*pi*z/7)", "z/5", "exp(-z)", "0.3", "cos(2*pi*(x + y)/5)"]
#: Expressions that none may be, by what is wrong with them.
WRONG = {
    "import": [
        "__import__('os').system('true')",
        "__import__",
        "().__class__.__base__.__subclasses__()",
        "x.__class__",
    ],
    "tower": ["9**9**9", "sin(x*2*pi/5) + 9**9**9**9", "(10**400)*x", "2.0**1e9 + z", "x**9**9**9"],
    "syntax": [
        "sin(2*pi*x/5",
        "x +",
        "",
        "   ",
        "x y",
        "sin(2πx)",
        "x = 3",
        "3 $ x",
        "\x00",
        "x;y",
        "(" * 300 + "x" + ")" * 300,
    ],
    "part": [
        "[x, y]",
        "lambda: x",
        "x if y else z",
        "f'{x}'",
        "'x'",
        "x < y",
        "True",
        "x[0]",
        "sin(*x)",
        "sin(x, a=1)",
        "1j",
        "(x := 3)",
    ],
    "name": ["w", "sine(x)", "min(x)", "atan2(x)", "open('/etc/passwd')", "eval('x')", "print(x)", "os"],
    "value": ["log(-1)", "1/(x - x)", "sqrt(-1 - x*x)", "sin(2*pi*x/5)/0", "tan(z*1e308)*1e308"],
    "period": ["x", "sin(x)", "sin(2*pi*x/5) + y/3", "cos(2*pi*x/4)"],
    "same": ["3", "0*x", "pi - pi"],
    "long": [
        "+".join(["x"] * 1500),
        "+".join(["sin(x)"] * 200),
        "+".join(["abs(x)"] * 60),
        "max(" + ",".join(["x"] * 40) + ")",
    ],
}


def formula(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """Sums, products, least and largest of a few terms, or what is no formula at all."""
    spoil = str(random.choice(["", "", "", "", "", *WRONG]))
    if spoil:
        text = str(random.choice(WRONG[spoil]))
    else:
        text = str(random.choice(TERMS))
        for _ in range(int(random.integers(1, 5))):
            other = str(random.choice(TERMS))
            text = str(
                random.choice(
                    [f"{text} + {other}", f"({text})*{other}", f"max({text}, {other})", f"abs({text}) - {other}"]
                )
            )
    parameters = {"expression": text, "height": float(random.uniform(1, 8))}
    key = str(random.choice(["level", "solid_fraction", "both", "none"], p=[0.3, 0.5, 0.1, 0.1]))
    if key in ("level", "both"):
        parameters["level"] = float(random.uniform(-1.5, 1.5))
    if key in ("solid_fraction", "both"):
        parameters["solid_fraction"] = float(random.uniform(-0.1, 1.1))
    return spoil or "sound", parameters


#: What a number must not be.
NUMBERS = [-1.0, 0.0, 1e-12, 1e9, math.nan, math.inf, "3 kg", "", True, [1.0], 1e-4]


def _spoil_numbers(random: np.random.Generator, parameters: dict, share: float = 0.4) -> str:
    """Puts something else in the place of one of the parameters."""
    if random.random() > share:
        return "sound"
    key = str(random.choice(list(parameters)))
    parameters[key] = NUMBERS[int(random.integers(len(NUMBERS)))]
    return "number"


def struts(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """A lattice of any thickness, perhaps with one number that is none."""
    parameters = {
        "lattice": str(random.choice(["simple_cubic", "body_centred", "face_centred", "octet", "diamond"])),
        "period": float(random.uniform(1, 20)),
        "height": float(random.uniform(0.5, 20)),
        "base": float(random.choice([0.0, 1.0])),
    }
    key = str(random.choice(["diameter", "solid_fraction"]))
    parameters[key] = float(random.uniform(0.05, 0.5)) * (parameters["period"] if key == "diameter" else 1.5)
    return _spoil_numbers(random, parameters), parameters


def fibres(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """A small felt, perhaps with one number that is none."""
    diameter = float(random.uniform(0.3, 3))
    parameters = {
        "diameter": diameter,
        "length": diameter * float(random.uniform(0.8, 4)),
        "height": diameter * float(random.uniform(0.5, 2)),
        "void_fraction": float(random.uniform(0.4, 1.0)),
        "orientation": str(random.choice(["isotropic", "in_plane"])),
        "periods": int(random.integers(3, 6)),
        "seed": int(random.integers(100)),
    }
    return _spoil_numbers(random, parameters), parameters


def pillars(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """Posts of any outline in arrays that are not perfect, perhaps with one number that is none."""
    pitch = float(random.uniform(1, 20))
    parameters = {
        "lattice": str(random.choice(["square", "hexagonal"])),
        "pitch": pitch,
        "diameter": pitch * float(random.uniform(0.1, 1.05)),
        "shape": str(random.choice(["circle", "square", "rectangle", "ellipse", "hexagon", "cross"])),
        "rotation": float(random.choice([0.0, random.uniform(-180, 180)])),
        "periods": int(random.integers(1, 4)),
        "jitter": float(random.choice([0.0, random.uniform(0, 0.4 * pitch)])),
        "spread": float(random.choice([0.0, random.uniform(0, 0.3)])),
        "missing": float(random.choice([0.0, random.uniform(0, 0.9)])),
        "seed": int(random.integers(100)),
    }
    if random.random() < 0.3:
        parameters["width"] = pitch * float(random.uniform(0.1, 1.0))
    if random.random() < 0.3:
        parameters["corner_radius"] = pitch * float(random.uniform(0.0, 0.3))
    return _spoil_numbers(random, parameters), parameters


def pores(random: np.random.Generator, folder: Path) -> tuple[str, dict]:
    """Holes of the same kinds; half of them go through the plate, some of these with a backing under it."""
    _, parameters = pillars(random, folder)
    parameters |= {"depth": float(random.uniform(1, 100)), "base": float(random.choice([0.0, 1.0]))}
    if random.random() < 0.2:
        parameters["backing"] = 1.0
    return _spoil_numbers(random, parameters, 0.3), parameters


KINDS = {
    "surface": surface,
    "image": image,
    "layout": layout,
    "formula": formula,
    "struts": struts,
    "fibres": fibres,
    "pillars": pillars,
    "pores": pores,
}
#: Those that are prisms, which take no time to measure.
PRISMS = ("layout", "pillars", "pores")
#: A file beside those that a template names, and whether it has been opened.
OUTSIDE = "outside.mtl"
_opened: list[str] = []


def _watch(event: str, arguments: tuple) -> None:
    if event == "open" and str(arguments[0]).endswith(OUTSIDE):
        _opened.append(str(arguments[0]))


sys.addaudithook(_watch)


def outcome(kind: str, seed: int, *, measure: bool) -> tuple[str, str]:
    """What was spoilt, and what came of it: "built", "refused", or what went wrong."""
    random = np.random.default_rng([seed, list(KINDS).index(kind)])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / OUTSIDE).write_text("newmtl own\n", "utf-8")
        spoilt, parameters = KINDS[kind](random, Path(folder))
        _opened.clear()
        came = _tried(kind, {key: value for key, value in parameters.items() if value is not None}, measure=measure)
        return spoilt, f"opened {_opened[0]}" if _opened else came


def _tried(kind: str, given: dict, *, measure: bool) -> str:
    """What comes of parameters."""
    try:
        design = geom3d.design({"architecture": kind, "parameters": given})
        if measure or kind in PRISMS:
            web = design.cell().facts.web
            if web is not None:
                step = 0.45 * min(web.radius, min(web.size) / 8)
                design = geom3d.design({"architecture": kind, "parameters": given, "resolution": step})
            design.walls()
    except InputError as error:
        lines = str(error).splitlines()
        return "refused" if len(lines) <= 2 and max(map(len, lines)) < 700 else f"a long message: {error}"
    except Exception as error:  # noqa: BLE001 - whatever else is raised is what is looked for
        return f"{type(error).__name__}: {error}"
    return "built"


def main() -> int:
    """Runs all kinds; the exit code tells whether there was any other outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--kind", choices=list(KINDS), nargs="+", default=list(KINDS))
    parser.add_argument("--measure", type=float, default=0.1, help="share of the accepted ones that is measured")
    options = parser.parse_args()
    assert set(KINDS) <= set(architectures.names())
    wrong = 0
    for kind in options.kind:
        started, found = time.perf_counter(), collections.Counter()
        for seed in range(options.count):
            spoilt, came = outcome(kind, seed, measure=seed < options.measure * options.count)
            found[spoilt, came if came in ("built", "refused") else "other"] += 1
            if came not in ("built", "refused"):
                wrong += 1
                print(f"{kind} {seed} ({spoilt}): {came[:300]}", flush=True)
        seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        every = collections.Counter(came for _, came in found.elements())
        print(f"{kind}: {dict(every)} in {seconds:.0f} s, at most {peak:.2f} GB so far", flush=True)
        for spoilt in sorted({spoilt for spoilt, _ in found}):
            parts = [f"{came} {number}" for (what, came), number in sorted(found.items()) if what == spoilt]
            print(f"    {spoilt}: {', '.join(parts)}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
