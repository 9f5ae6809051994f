"""What is said of a design: numbers and model at a first look, then in full; its section; its files."""

from __future__ import annotations

import json
import math
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from geom3d.api import Design
from geom3d.app.sources import Sources
from geom3d.cell.cell import Cell
from geom3d.cell.template import Original
from geom3d.cell.written import written
from geom3d.comparison.model import model_of
from geom3d.core.colours import ROLES
from geom3d.core.errors import Geom3dError, InputError, OutputError
from geom3d.core.files import size_text
from geom3d.core.tables import Kind
from geom3d.metrics import measured_by
from geom3d.metrics.answer import FIRST, felt_error, first_rows, grouped_rows
from geom3d.metrics.report import Report, Row, short_report

#: Says something of a design to whoever asked.
Tell = Callable[[dict[str, Any]], None]
#: Grid nodes of a design, and bytes of files, at most: a page must not fill a machine's memory or disk.
MOST_NODES, MOST_BYTES = 6_000_000, 400_000_000
#: Triangles of the model of a sampled design, at most, once it is looked at in full.
MOST_TRIANGLES = 60_000
#: Designs that are kept, with their walls and numbers.
KEPT = 3
#: What is measured first, since it takes no time.
QUICK = ("area_gain", "capacity_uAh_cm2", "energy_mWh_cm2")
#: Files that can be had.
FILES = ("stl", "3mf", "png", "svg", "json", "html", "toml")


class Desk:
    """Answers what a page asks, and keeps the last designs.

    Attributes:
        sources: where designs come from.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._designs: OrderedDict[str, Design] = OrderedDict()

    def answer(self, job: Mapping[str, Any], tell: Tell) -> None:
        """Does one job; errors of the user are told, with the field that they belong to.

        Args:
            job: `do`: "form", "design", "section" or "file"; `source` and `changes` of the design; of a design `transport`,
                whether it includes ionic conduction; of a file `file`, which of `FILES`, `folder`, where it goes, and `against`,
                source and changes of the design that it is held against.
            tell: called with each part of the answer.
        """
        original = None
        changes = job.get("changes") or {}
        try:
            original = self.sources.original(job.get("source"))
            if job["do"] == "form":
                tell(self._form(original, job["source"]))
                return
            design = self._design(original, job["source"], changes)
            does = {"design": _numbers, "section": _section, "file": self._file}
            does[job["do"]](design, job, tell)
        except Geom3dError as error:
            text = str(error)
            source = "" if original is None else original.source
            tell({"kind": "error", **named_error(text, source, self._paths(original), changes)})
        except MemoryError:
            tell(
                {"kind": "error", "field": None, "message": "this design needs more memory than the page gives to one"}
            )

    def _paths(self, original: Original | None) -> list[str]:
        """Of the fields of a template, as far as it has a form."""
        try:
            return [] if original is None else list(self.sources.form(original))
        except Geom3dError:
            return []

    def _form(self, original: Original, source: Mapping[str, str]) -> dict[str, Any]:
        name = original.content.get("architecture")
        return {
            "kind": "form",
            "source": dict(source),
            "name": original.name,
            "title": str(original.content.get("title", original.name)),
            "architecture": name,
            "note": str(original.content.get("note", "")),
            "origin": str(original.content.get("source", "")),
            "fields": [asdict(field) for field in self.sources.form(original).values()],
            "sources": self.sources.names(),
            "roles": {role.value: colour for role, colour in ROLES.items()},
            "first": dict(FIRST),
        }

    def _design(self, original: Original, source: Any, changes: Any) -> Design:
        changes = self.sources.checked(original, changes)
        key = json.dumps([source, changes, original.content], sort_keys=True, default=str)
        if key in self._designs:
            self._designs.move_to_end(key)
            return self._designs[key]
        design = Design.of(original.draft(changes), changes, original.source)
        require_small(design.cell(), design.source)
        self._designs[key] = design
        if len(self._designs) > KEPT:
            self._designs.popitem(last=False)
        return design

    def _file(self, design: Design, job: Mapping[str, Any], tell: Tell) -> None:
        kind, folder = job.get("file"), Path(job["folder"])
        if kind not in FILES:
            raise InputError(f"file: unknown {str(kind)[:20]!r}; valid: {', '.join(FILES)}")
        name = design.description.name
        if kind == "toml":
            original = self.sources.original(job["source"])
            path = folder / f"{name}.toml"
            path.write_text(written(original, design.overrides, f"by the live page of geom3d, from {name}"), "utf-8")
        elif kind in ("stl", "3mf"):
            path = _built(design, kind, folder)
        elif kind == "json":
            path = folder / f"{name}.json"
            path.write_text(design.measure(transport=bool(job.get("transport"))).to_json(), "utf-8")
        elif kind == "svg":
            path = folder / f"{name}-section.svg"
            path.write_text(design.section(), "utf-8")
        elif kind == "png":
            path = design.render(folder / f"{name}.png")
        else:
            path = self._page(design, job, folder / f"{name}.html")
        tell({"kind": "file", "path": str(path), "name": path.name})

    def _page(self, design: Design, job: Mapping[str, Any], path: Path) -> Path:
        """The design beside the one that it is held against, as a page of its own."""
        from geom3d.api import compare
        from geom3d.rendering import has_opengl

        against = job.get("against") or {"source": job["source"]}
        other = self._design(
            self.sources.original(against.get("source")), against["source"], against.get("changes") or {}
        )
        designs = [other, design] if other is not design else [design]
        labels = [design.description.name for design in designs]
        if len(designs) == 2 and labels[0] == labels[1]:
            labels[1] += ", changed"
        compare(designs, path, labels=labels, pictures=has_opengl())
        return path


def _numbers(design: Design, job: Mapping[str, Any], tell: Tell) -> None:
    cell = design.cell()
    sampled = cell.step is not None
    tell({"kind": "begun", "sampled": sampled, "title": design.description.title})
    # What is sampled is looked at on a grid of twice the step first.
    first = design.coarse_sample if sampled else design.sample
    if first is not None:
        report = short_report(first, measured_by(QUICK))
        tell({"kind": "numbers", "final": False, "first": _rows(first_rows(report))})
        tell({"kind": "model", "model": model_of(first.cell, first.walls).to_json()})
    tell(full(design.measure(transport=bool(job.get("transport")))))
    if first is not design.sample:
        tell({"kind": "model", "model": model_of(cell, design.walls(), MOST_TRIANGLES).to_json()})


def _section(design: Design, job: Mapping[str, Any], tell: Tell) -> None:
    tell({"kind": "section", "svg": design.section()})


def full(report: Report) -> dict[str, Any]:
    """All numbers of a report, as a page shows them."""
    groups = [[title, _rows([(row.title, row) for row in rows])] for title, rows in grouped_rows(report)]
    first = _rows(first_rows(report))
    return {"kind": "numbers", "final": True, "first": first, "groups": groups, "warnings": report.warnings}


def _rows(rows: Sequence[tuple[str, Row]]) -> list[dict[str, Any]]:
    return [
        {
            "path": row.path,
            "name": name,
            "value": row.value,
            "text": row.entry.text(Kind.SIZES),
            "unit": row.unit,
            "error": felt_error(row),
            "meaning": row.meaning,
        }
        for name, row in rows
    ]


def require_small(cell: Cell, source: str) -> None:
    """Raises an InputError where a design needs a finer grid than a page may ask for."""
    step = cell.step
    if step is None or (nodes := math.prod(cell.size) / step**3) <= MOST_NODES:
        return
    raise InputError(
        f"{source}: resolution: a step of {step:.4g} µm needs {nodes:.2g} grid nodes, the page takes at most {MOST_NODES:.2g}: take at "
        f"least {(math.prod(cell.size) / MOST_NODES) ** (1 / 3):.4g} µm, less height, or the command line"
    )


def named_error(text: str, source: str, paths: Sequence[str], changes: Any) -> dict[str, Any]:
    """An error's text without the name of its template, and the path of the field that it belongs to, if it names one.

    Args:
        text: as the core says it: "template: key: rule; got value".
        source: what the template is called there.
        paths: of the fields.
        changes: of the page; where several fields could be meant, it is one of these.
    """
    text = text.removeprefix(f"{source}: ")
    key = text.partition(": ")[0]
    found = next((path for path in paths if path in (key, f"{key}.material")), None)
    if found is None:
        # Tables of a field, such as layers.NAME, and fields of a table, such as thickness.top.
        inside = [path for path in paths if path.startswith(f"{key}.") or key.startswith(f"{path}.")]
        inside += [
            path for path in paths if path.split(".")[0] in ("layers", "materials") and f"'{path.split('.')[1]}'" in key
        ]
        chosen = changes if isinstance(changes, Mapping) else {}
        found = next((path for path in inside if path in chosen), inside[0] if inside else None)
    return {"field": found, "message": text.removeprefix(f"{found}: ") if found else text}


def _built(design: Design, kind: str, folder: Path) -> Path:
    """The files that `build` writes, those of one format in one archive where there are several."""
    most = sum(design.plan(folder, formats=(kind,)).values())
    if most > MOST_BYTES:
        x, y = design.description.repeat
        raise OutputError(
            f"repeat: {x} × {y} cells would take up to {size_text(most)}, the page gives {size_text(MOST_BYTES)}: take fewer cells, or "
            "the command line"
        )
    paths = [Path(path) for path in design.build(folder / "files", formats=(kind,))]
    own = [path for path in paths if path.suffix == f".{kind}"]
    if kind == "3mf" and len(own) == 1:
        return own[0]
    archive = folder / f"{design.description.name}-{kind}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for path in sorted(paths):
            # One design gives one archive, whenever it is made.
            entry = zipfile.ZipInfo(path.name, (2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with file.open(entry, "w") as inside, path.open("rb") as read:
                while part := read.read(1 << 20):
                    inside.write(part)
    return archive
