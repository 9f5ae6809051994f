"""What has a name, for the command line: a list of all, and the description of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from geom3d import architectures, exports, metrics
from geom3d.architectures import Architecture
from geom3d.cell import template
from geom3d.cell.describe import regions, rows
from geom3d.core.errors import InputError, choose_from
from geom3d.core.plugins import Door
from geom3d.core.tables import Column, Kind, Table
from geom3d.library import materials, processes
from geom3d.library.catalogue import Catalogue

DOORS: dict[str, Door[Any]] = {"architecture": architectures.DOOR, "metric": metrics.DOOR, "format": exports.DOOR}
CATALOGUES: dict[str, Catalogue[Any]] = {"material": materials.CATALOGUE, "process": processes.CATALOGUE}


def listing() -> tuple[list[str], list[str]]:
    """Lines that name all there is, and sentences on what other distributions register and cannot be used."""
    lines = ["Architectures", *_of_door(architectures.DOOR, dict(architectures.DOOR.usable()))]
    lines += ["", "Templates", *(f"  {name:34}{template.load_template(name).title}" for name in template.shipped())]
    lines += ["", "Materials", *_of_catalogue(materials.CATALOGUE, lambda material: ", ".join(material.roles))]
    lines += ["", "Processes", *_of_catalogue(processes.CATALOGUE, lambda process: process.kind)]
    lines += ["", "Metrics", *_of_door(metrics.DOOR, metrics.named())]
    lines += ["", "Formats", *_of_door(exports.DOOR, dict(exports.DOOR.usable()))]
    problems = [*architectures.DOOR.problems(), *materials.CATALOGUE.problems(), *processes.CATALOGUE.problems()]
    return lines, [*problems, *metrics.problems(), *exports.DOOR.problems()]


def described(name: str) -> Iterator[str | Table]:
    """Text and tables on whatever has that name.

    Raises:
        InputError: where nothing has.
        PluginError: where a distribution registers it, but it cannot be used.
    """
    known = [*architectures.DOOR.names, *metrics.DOOR.names, *exports.DOOR.names]
    known += [*materials.names(), *processes.names()]
    described: dict[str, Callable[[Any], Iterator[str | Table]]] = {
        "architecture": _architecture,
        "metric": _metric,
        "format": lambda thing: iter([_rest(thing.__doc__)]),
    }
    found = 0
    for kind, door in DOORS.items():
        if door.knows(name):
            thing = door.get(name)
            yield f"{name}: {summary(thing.__doc__)}{_from(door.origin(name))}\n"
            yield from described[kind](thing)
            found += 1
    for catalogue in CATALOGUES.values():
        entry = catalogue.find(name)
        if entry is not None:
            yield f"{name}: {entry.title}{_from(catalogue.origin(name) if name in catalogue.names else '')}\n"
            yield _figures(entry)
            found += 1
    if not found:
        raise InputError(f"name: unknown {name!r}; {choose_from(name, known)}")


def summary(text: str | None) -> str:
    """The first line of a docstring."""
    return (text or "").strip().splitlines()[0]


def _rest(text: str | None) -> str:
    """A docstring without its first line."""
    return "\n".join(line.strip() for line in (text or "").strip().splitlines()[1:]).strip()


def _from(origin: str) -> str:
    """Where something comes from, if not with geom3d."""
    return f" [{origin}]" if origin else ""


def _of_door(door: Door[Any], usable: Mapping[str, Any]) -> Iterator[str]:
    for name, thing in sorted(usable.items()):
        request = getattr(thing, "REQUEST", None)
        asked = "" if request is None else f" (--request {request.name})"
        yield f"  {name:24}{summary(thing.__doc__)}{asked}{_from(door.origin(name))}"


def _of_catalogue(catalogue: Catalogue[Any], words: Callable[[Any], str]) -> Iterator[str]:
    for name, entry in catalogue.usable():
        yield f"  {name:24}{entry.title} ({words(entry)}){_from(catalogue.origin(name))}"


def _architecture(architecture: Architecture) -> Iterator[str | Table]:
    columns = [Column("parameter"), Column("unit"), Column("range", Kind.NUMBERS), Column("default", Kind.NUMBERS)]
    yield Table.of([*columns, Column("meaning")], rows(architecture))
    yield f"regions of its own: {', '.join(regions(architecture))}"


def _metric(module: metrics.MetricModule | metrics.MetricOnRequest) -> Iterator[str | Table]:
    columns = [Column(title) for title in ("path", "quantity", "unit", "meaning")]
    yield Table.of(columns, [[m.path, m.title, "" if m.unit == "1" else m.unit, m.meaning] for m in module.METRICS])
    request = metrics.request_of(module)
    if request is not None:
        needs = f" Needs {', '.join(request.needs)}." if request.needs else ""
        yield f"on request only, by --request {request.name}. {request.help}{needs}"


def _figures(entry: BaseModel) -> Table:
    """The figures of a material or a process as its file gives them."""
    figures = entry.model_dump(mode="json", by_alias=True, exclude={"title"})
    given = [(key, value) for key, value in figures.items() if value not in (None, "", [], {})]
    return Table.of([Column("key"), Column("figure")], [[key, _plain(value)] for key, value in given])


def _plain(value: Any) -> str:
    """What a key of a file holds, in one line."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {part}" for key, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
