"""Everything that one checkout says and writes of its templates, for `compare_checkouts.py`, which runs this in the checkout.

Usage: python _checkout_outputs.py SETTINGS        (JSON: see `Settings`)

For every template a folder of its name appears whole or not at all, with `values.json` and the files by format. After each one a
line of JSON goes to stdout. Only such names are used as checkouts of any age have; what has moved is looked for in all its places.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import geom3d

#: Written into all files in place of the checkout's own version.
VERSION = "0"
#: Unit cells in x and y of exported arrays: seams both ways, and small files.
REPEAT = [2, 2]
#: Steps of a sponge's grid along its period that are tried, the coarsest first; what a design cannot be built on is refused.
STEPS = (12, 16, 20, 24, 32, 40, 48, 64)
#: Formats that are built in one go because they share work.
TOGETHER = (("msh", "vtu"), ("gds", "oas"), ("nrrd", "tiff"), ("png", "svg"))
#: Where functions stand, in checkouts old and new.
PLACES = {
    "section": ("geom3d.rendering.section:drawing", "geom3d.render.section:drawing"),
    "comparison": ("geom3d.comparison:compare", "geom3d.compare:compare"),
    "verification": ("geom3d.verification.comparison:verify", "geom3d.verify:verify"),
}


@dataclass(frozen=True)
class Settings:
    """What is asked for.

    Attributes:
        checkout: folder from which geom3d must come.
        output: folder for the results.
        templates: names.
        formats: of files.
        sections: whether SVG sections and the JSON of a comparison are made, too.
        transport: whether conduction is solved, too.
    """

    checkout: str
    output: str
    templates: list[str]
    formats: list[str]
    sections: bool
    transport: bool


def main() -> None:
    settings = Settings(**json.loads(sys.argv[1]))
    _require_own(settings)
    for name in settings.templates:
        folder = Path(settings.output, name)
        unfinished = folder.with_name(f".{name}.part")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        print(json.dumps({"begun": name}), flush=True)
        values = outputs(name, settings, unfinished)
        (unfinished / "values.json").write_text(json.dumps(values, ensure_ascii=False), "utf-8")
        unfinished.rename(folder)
        print(json.dumps({"done": name}), flush=True)


def _require_own(settings: Settings) -> None:
    """Ends the process unless it runs the checkout's code; sets the version that files will name."""
    here = Path(geom3d.__file__).resolve().parent.parent
    if here != Path(settings.checkout):
        sys.exit(f"geom3d was imported from {here}, not from {settings.checkout}")
    # Before exporters are imported: they take the name from here.
    geom3d.__version__ = VERSION
    with suppress(ModuleNotFoundError):  # older checkouts keep it in the package alone
        importlib.import_module("geom3d._version").__version__ = VERSION


def outputs(name: str, settings: Settings, folder: Path) -> dict[str, Any]:
    """Values and errors by part, and seconds that each took; files go to the folder."""
    found: dict[str, Any] = {"values": {}, "errors": {}, "seconds": {}}

    def part(title: str, work: Callable[[], Any]) -> None:
        start = time.perf_counter()
        try:
            found["values"][title] = work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checkout is asked for the same
            own = isinstance(error, geom3d.Geom3dError)
            found["errors"][title] = {"kind": type(error).__name__, "text": str(error), "own": own}
        found["seconds"][title] = time.perf_counter() - start

    overrides, design = coarse(name)
    found["values"]["overrides"] = overrides
    part("measure", lambda: json.loads(design.measure().to_json()))
    if settings.transport:
        part("transport", lambda: json.loads(design.measure(transport=True).to_json()))
    part("check", lambda: json.loads(design.check_all(50.0).to_json()))
    part("verify", lambda: [asdict(row) for row in function("verification")(design)])
    for formats in groups(settings.formats):
        part("+".join(formats), lambda formats=formats: build(design, formats, folder))
    if settings.transport and "vtp" in settings.formats:
        part("vtp of currents", lambda: build(design, ("vtp",), folder / "currents", transport=True))
    if settings.sections:
        part("section", lambda: _text(folder / "section.svg", function("section")(design)))
        part("compare", lambda: compare(design, folder / "compare.json"))
    return found


def coarse(name: str) -> tuple[dict[str, Any], Any]:
    """The design with few cells and, where it is sampled, on the coarsest grid that holds it."""
    plain = {"repeat": REPEAT}
    design = geom3d.load(name, plain)
    period = max(design.cell().size[:2])
    for steps in STEPS:
        overrides = {**plain, "resolution": float(f"{period / steps:.3g}")}
        try:
            sampled = geom3d.load(name, overrides)
            sampled.cell()
            sampled.walls()
        except geom3d.InputError:  # too coarse, or made of prisms, which are not sampled
            continue
        return overrides, sampled
    return plain, design


def groups(formats: list[str]) -> list[tuple[str, ...]]:
    """The formats, those together that share work."""
    shared = [tuple(f for f in group if f in formats) for group in TOGETHER]
    alone = [(f,) for f in formats if not any(f in group for group in TOGETHER)]
    return sorted([group for group in shared if group] + alone)


def build(design: Any, formats: tuple[str, ...], folder: Path, *, transport: bool = False) -> None:
    """Writes files with lengths that suit the cell and keep them small."""
    across, up = max(design.cell().size[:2]), design.cell().size[2]
    lengths = {
        "max_edge": max(across, up) / 4,
        "voxel": (design.cell().footprint * up / 20_000) ** (1 / 3),
        "pixel": across / 64,
        "layer_height": up / 10,
    }
    options = importlib.import_module("geom3d.exports").Options
    design.build(
        folder / "+".join(formats),
        formats=formats,
        transport=transport,
        options=options(**{key: float(f"{length:.3g}") for key, length in lengths.items()}),
    )


def compare(design: Any, path: Path) -> None:
    """Writes the comparison, in machines' form, of a single design."""
    function("comparison")([design], path)


def _text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")


def function(name: str) -> Callable[..., Any]:
    """A function, from the first place that has it."""
    for place in PLACES[name]:
        module, function = place.split(":")
        try:
            return getattr(importlib.import_module(module), function)
        except (ModuleNotFoundError, AttributeError):
            continue
    raise LookupError(f"{name}: not found at {', '.join(PLACES[name])}; tell the script where it has moved")


if __name__ == "__main__":
    main()
