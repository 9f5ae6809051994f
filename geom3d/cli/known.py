"""What has a name, for the command line: a list of all, and the description of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
from geom3d.studies import shipped as shipped_studies

DOORS: dict[str, Door[Any]] = {"architecture": architectures.DOOR, "metric": metrics.DOOR, "format": exports.DOOR}
CATALOGUES: dict[str, Catalogue[Any]] = {"material": materials.CATALOGUE, "process": processes.CATALOGUE}


@dataclass(frozen=True)
class Named:
    """Something that has a name.

    Attributes:
        name, title: of it.
        words: what else a list says of it, in a few words.
        origin: the distribution that it comes with; empty for geom3d itself.
    """

    name: str
    title: str
    words: str = ""
    origin: str = ""

    @property
    def line(self) -> str:
        """As a list for people says it."""
        words = f" ({self.words})" if self.words else ""
        return f"  {self.name:34}{self.title}{words}{_from(self.origin)}"


def sections() -> dict[str, Callable[[], Iterator[Named]]]:
    """What can be listed."""
    return {
        "architectures": lambda: _of_door(architectures.DOOR, dict(architectures.DOOR.usable())),
        "templates": lambda: (Named(name, title) for name, title in sorted(template.titles().items())),
        "materials": lambda: _of_catalogue(materials.CATALOGUE, lambda material: ", ".join(material.roles)),
        "processes": lambda: _of_catalogue(processes.CATALOGUE, lambda process: str(process.kind)),
        "metrics": lambda: _of_door(metrics.DOOR, metrics.named()),
        "formats": lambda: _of_door(exports.DOOR, dict(exports.DOOR.usable())),
        "studies": lambda: (Named(name, title) for name, title in shipped_studies.titles().items()),
    }


def listed(kind: str | None = None) -> dict[str, list[Named]]:
    """What there is of a kind, or of all kinds.

    Raises:
        InputError: for an unknown kind, with the valid ones.
    """
    known = sections()
    if kind is not None and kind not in known:
        raise InputError(f"kind: unknown {kind!r}; {choose_from(kind, known)}")
    return {name: list(find()) for name, find in known.items() if kind in (None, name)}


def listing(kind: str | None = None) -> list[str]:
    """Lines that name all there is, or all of a kind."""
    lines: list[str] = []
    for name, entries in listed(kind).items():
        lines += ["", name.capitalize(), *(entry.line for entry in entries)]
    return lines[1:]


def problems(kind: str | None = None) -> list[str]:
    """Sentences on what other distributions register and cannot be used."""
    known: dict[str, Callable[[], list[str]]] = {
        "architectures": architectures.DOOR.problems,
        "materials": materials.CATALOGUE.problems,
        "processes": processes.CATALOGUE.problems,
        "metrics": metrics.problems,
        "formats": exports.DOOR.problems,
    }
    return [problem for name, find in known.items() if kind in (None, name) for problem in find()]


def described(name: str) -> Iterator[str | Table]:
    """Text and tables on whatever has that name, hyphen and underscore alike.

    Raises:
        InputError: where nothing has.
        PluginError: where a distribution registers it, but it cannot be used.
    """
    described: dict[str, Callable[[Any], Iterator[str | Table]]] = {
        "architecture": _architecture,
        "metric": _metric,
        "format": lambda thing: iter([_rest(thing.__doc__)]),
    }
    for kind, own, title, origin, thing in _found(name):
        yield f"{own}: {title}{_from(origin)}\n"
        yield from described[kind](thing) if kind in described else iter([_figures(thing)])


def described_as_data(name: str) -> list[dict[str, Any]]:
    """The same for machines: one entry for each thing that has the name.

    Raises:
        InputError, PluginError: as `described`.
    """
    found = []
    for kind, own, title, origin, thing in _found(name):
        entry: dict[str, Any] = {"kind": kind, "name": own, "title": title, "origin": origin}
        if kind == "architecture":
            keys = ("name", "unit", "range", "default", "meaning")
            entry["parameters"] = [dict(zip(keys, row, strict=True)) for row in rows(thing)]
            entry["regions"] = regions(thing)
        elif kind == "metric":
            entry["quantities"] = [
                {"path": m.path, "title": m.title, "unit": m.unit, "meaning": m.meaning} for m in thing.METRICS
            ]
            request = metrics.request_of(thing)
            entry["request"] = None if request is None else request.name
        elif kind == "format":
            entry["text"] = _rest(thing.__doc__)
        else:
            entry["figures"] = thing.model_dump(mode="json", by_alias=True, exclude={"title"})
        found.append(entry)
    return found


def _found(name: str) -> Iterator[tuple[str, str, str, str, Any]]:
    """Kind, name, title, origin and thing itself of whatever has that name."""
    found = 0
    for kind, door in DOORS.items():
        if door.knows(name):
            thing = door.get(name)
            yield kind, door.spelled(name), summary(thing.__doc__), door.origin(name), thing
            found += 1
    for kind, catalogue in CATALOGUES.items():
        model, entry = catalogue.find(name), catalogue.entry(name)
        if model is not None and entry is not None:
            yield kind, entry.name, model.title, entry.origin, model
            found += 1
    if not found:
        known = [each for door in DOORS.values() for each in door.names]
        known += [each for catalogue in CATALOGUES.values() for each in catalogue.names]
        raise InputError(f"name: unknown {name!r}; {choose_from(name, known)}")


def text_of(name: str) -> str:
    """The file of a template, a study, a material or a process, as it is.

    Raises:
        InputError: where none has that name.
    """
    text = template.text_of(name) or shipped_studies.text_of(name)
    if text is not None:
        return text
    for catalogue in CATALOGUES.values():
        entry = catalogue.entry(name)
        if entry is not None:
            return entry.file.read_text("utf-8")
    known = [*template.shipped(), *shipped_studies.shipped(), *materials.names(), *processes.names()]
    raise InputError(f"name: no template, study, material or process {name!r}; {choose_from(name, known)}")


def summary(text: str | None) -> str:
    """The first line of a docstring."""
    return (text or "").strip().splitlines()[0]


def _rest(text: str | None) -> str:
    """A docstring without its first line."""
    return "\n".join(line.strip() for line in (text or "").strip().splitlines()[1:]).strip()


def _from(origin: str) -> str:
    """Where something comes from, if not with geom3d."""
    return f" [{origin}]" if origin else ""


def _of_door(door: Door[Any], usable: Mapping[str, Any]) -> Iterator[Named]:
    for name, thing in sorted(usable.items()):
        request = getattr(thing, "REQUEST", None)
        asked = "" if request is None else f"--request {request.name}"
        yield Named(name, summary(thing.__doc__), asked, door.origin(name))


def _of_catalogue(catalogue: Catalogue[Any], words: Callable[[Any], str]) -> Iterator[Named]:
    for name, entry in catalogue.usable():
        yield Named(name, entry.title, words(entry), catalogue.origin(name))


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
