"""Exporters: one file each, found by its name; `stl.py` is the format "stl".

Such a file, or what another distribution registers under `[project.entry-points."geom3d.exporters"]`, has the form of
`Exporter`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, overload

from geom3d._version import __version__
from geom3d.cell.cell import Cell
from geom3d.cell.description import Description
from geom3d.cell.repeat import checked_repeat
from geom3d.core.errors import InputError, choose_from
from geom3d.core.files import INDEX, make_folder, replacing, require_room, staged
from geom3d.core.plugins import Door, lacking
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.volume import VolumeMesh, volume_mesh
from geom3d.metrics import Sample
from geom3d.metrics.report import Report
from geom3d.transport.distance import Electrodes

#: How many of a file's units make a micrometre.
UNITS = {"mm": 1e-3, "um": 1.0}


@dataclass(frozen=True)
class Options:
    """What single formats ask for; lengths of the design, µm, before any magnification.

    Attributes:
        max_edge: longest edge of a volume mesh; None for the geometry's own edges.
        voxel: edge of a voxel.
        pixel: edge of a pixel of a slice.
        layer_height: distance of slices.
    """

    max_edge: float | None = None
    voxel: float | None = None
    pixel: float | None = None
    layer_height: float | None = None


@dataclass(frozen=True)
class Job:
    """What an exporter is asked to write.

    Attributes:
        sample: the unit cell and its walls, as they are to be written.
        overrides: what was changed with respect to the template.
        report: the numbers.
        folder: where files go.
        repeat: how often the sample is written in x and y.
        cells: unit cells in x and y that the sample holds; more than one only where they differ in what is left out.
        unit: the length that one unit of a file stands for.
        scale: magnification.
        options: of single formats.
        notes: what the reader of the files must know, whatever their format.
    """

    sample: Sample
    overrides: Mapping[str, Any]
    report: Report
    folder: Path
    repeat: tuple[int, int]
    cells: tuple[int, int] = (1, 1)
    unit: str = "mm"
    scale: float = 1.0
    options: Options = field(default_factory=Options)
    notes: tuple[str, ...] = ()

    @property
    def cell(self) -> Cell:
        """The unit cell."""
        return self.sample.cell

    @property
    def walls(self) -> InterfaceMesh:
        """Of the unit cell."""
        return self.sample.walls

    @property
    def electrodes(self) -> Electrodes | None:
        """The surfaces of both electrodes; None where one of them is missing."""
        return self.sample.electrodes

    @property
    def about(self) -> Description:
        """What the battery is called, and where it was published."""
        return self.cell.description

    @cached_property
    def volume(self) -> VolumeMesh:
        """The volume mesh of the unit cell with the edges asked for; made once for all formats that need one.

        Raises:
            InputError: more tetrahedra than fit.
        """
        return volume_mesh(self.walls, self.options.max_edge)

    @property
    def array(self) -> tuple[int, int]:
        """Unit cells in x and y in the files."""
        return int(self.repeat[0] * self.cells[0]), int(self.repeat[1] * self.cells[1])

    @property
    def factor(self) -> float:
        """Units of the file per µm of the design."""
        return UNITS[self.unit] * self.scale

    @property
    def bodies(self) -> dict[str, list[int]]:
        """Labels by the name of the body: every region, then the assembly of all of them as one solid."""
        names = self.walls.names
        return {**{name: [k] for k, name in enumerate(names)}, "assembly": list(range(len(names)))}

    def path(self, body: str, suffix: str) -> Path:
        """A file's path, or without suffix a folder's; its name carries template, body, unit and scale."""
        word = "".join(c if c.isalnum() or c in "-_" else "-" for c in body)
        magnified = "" if self.scale == 1 else f"_x{self.scale:g}"
        end = f".{suffix}" if suffix else ""
        return self.folder / f"{self.about.name}_{word}_{self.unit}{magnified}{end}"


@dataclass(frozen=True)
class Written:
    """What an exporter has written.

    Attributes:
        files: an entry of the report on each file or folder.
        warnings: what the reader of these files must know.
    """

    files: Sequence[Mapping[str, Any]]
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class BuildResult:
    """What a build has written; iterates over the paths.

    Attributes:
        paths: of all files and folders, `report.json` last.
        warnings: what the reader of the files must know.
        report: the numbers, as they stand in `report.json`.
    """

    paths: tuple[Path, ...]
    warnings: tuple[str, ...]
    report: Report

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, place: int) -> Path: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Path, ...]: ...

    def __getitem__(self, place: int | slice) -> Path | tuple[Path, ...]:
        return self.paths[place]


class Exporter(Protocol):
    r"""The form of an exporter: of a module in this folder, and of what another distribution registers.

    The first line of its docstring says what the files hold; a tuple `USES` may say which of `SETTINGS` it heeds. One that writes the vertices of every region as a table, with
    their unit in the name of the file:

    >>> import numpy as np
    >>> from geom3d.core.files import replacing, rows
    >>> def estimate(job):
    ...     return {job.path(name, "xyz").name: 75 * len(job.walls.vertices) for name in job.walls.names}
    >>> def export(job):
    ...     entries = []
    ...     for label, name in enumerate(job.walls.names):
    ...         used = np.unique(job.walls.shell([label])[0])
    ...         path = job.path(name, "xyz")
    ...         with replacing(path) as file:
    ...             for part in rows("%.17g %.17g %.17g\n", job.walls.vertices[used] * job.factor):
    ...                 file.write(part)
    ...             size = file.tell()
    ...         entries.append({"file": path.name, "body": name, "bytes": size})
    ...     return Written(entries)
    """

    __doc__: str | None

    def export(self, job: Job) -> Written:
        """Writes the files, each whole or not at all (`geom3d.core.files.replacing`), under names that `job.path` gives.

        Returns:
            an entry on each file for `report.json`, with its name under `file`, and what the readers of the files must know.

        Raises:
            InputError: an option that is missing or not valid, or a design that the format cannot hold.
        """
        ...

    def estimate(self, job: Job) -> dict[str, int]:
        """At most so many bytes by the name of each file that `export` would write; it writes nothing itself.

        Raises:
            InputError: as `export`.
        """
        ...


def _wrong_entries(_: Any, result: Any) -> str | None:
    """What is wrong with the entries on files."""
    if not isinstance(result, Written):
        return f"must return a Written; got {type(result).__name__}"
    right = all(isinstance(entry, Mapping) and isinstance(entry.get("file"), str) for entry in result.files)
    return None if right else "must return a Written whose files are mappings that have the file's name under 'file'"


def _wrong_sizes(_: Any, result: Any) -> str | None:
    """What is wrong with the sizes of files."""
    right = isinstance(result, dict) and all(
        isinstance(name, str) and isinstance(size, int) for name, size in result.items()
    )
    return None if right else "must return whole numbers of bytes by the name of the file"


#: The exporters: those of this folder, and those of distributions that have entry points `geom3d.exporters`.
DOOR: Door[Exporter] = Door(
    "format",
    __name__,
    "geom3d.exporters",
    lambda thing: lacking(thing, "export", "estimate"),
    {"export": _wrong_entries, "estimate": _wrong_sizes},
)


#: What single formats ask for or leave aside: `unit`, `transport` and the fields of `Options`. An exporter says in `USES` which of these it
#: heeds; one that does not say may heed all.
SETTINGS = ("unit", "transport", *Options.__dataclass_fields__)


def require_used(names: Sequence[str], given: Sequence[str]) -> None:
    """Checks that some format heeds each setting that was given.

    Args:
        names: of the formats asked for.
        given: names of settings.

    Raises:
        InputError: a setting that does nothing, with the formats that heed it; an unknown format.
    """
    for key in given:
        if not any(key in _used(name) for name in names):
            heeding = [name for name in formats() if key in _used(name)]
            kind = f"the format {names[0]}" if len(names) == 1 else "none of these formats"
            denied = "does not heed it" if len(names) == 1 else "heeds it"
            more = "; without it, the resistance is a metric on request" if key == "transport" else ""
            raise InputError(f"{key}: {kind} {denied}; those that do: {', '.join(heeding)}{more}")


def _used(name: str) -> Sequence[str]:
    return getattr(DOOR.get(name), "USES", SETTINGS)


def formats() -> tuple[str, ...]:
    """Names of all exporters."""
    return DOOR.names


def plan(job: Job, names: tuple[str, ...]) -> dict[str, int]:
    """What would be written: at most so many bytes by file name, `report.json` aside.

    Raises:
        InputError: an option that is not valid, or a format that this design does not have.
    """
    return _sizes(_checked(job, names), names)


def write(job: Job, names: tuple[str, ...]) -> BuildResult:
    """Writes a design in these formats, and `report.json` beside them.

    Raises:
        InputError: an option that is not valid.
        OutputError: a file or folder that cannot be written, or a disk without the room.
    """
    job = _checked(job, names)
    require_room(job.folder, sum(_sizes(job, names).values()))
    make_folder(job.folder)
    with staged(job.folder) as passing:
        there = replace(job, folder=passing)
        written = [DOOR.get(name).export(there) for name in names]
        files = [entry for one in written for entry in one.files]
        # Formats of one kind may have the same to say.
        warnings = tuple(dict.fromkeys([*job.notes, *(text for one in written for text in one.warnings)]))
        sidecar = {
            "geom3d": __version__,
            "template": job.about.settings,
            "overrides": dict(job.overrides),
            "repeat": list(job.array),
            "unit": job.unit,
            "scale": job.scale,
            "files": files,
            "warnings": warnings,
            "report": job.report.data,
        }
        with replacing(passing / INDEX) as file:
            file.write((json.dumps(sidecar, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())
    path = job.folder / INDEX
    return BuildResult((*(job.folder / entry["file"] for entry in files), path), warnings, job.report)


def _sizes(job: Job, names: tuple[str, ...]) -> dict[str, int]:
    return {file: size for name in names for file, size in DOOR.get(name).estimate(job).items()}


def _checked(job: Job, names: tuple[str, ...]) -> Job:
    """The job with its options checked and its counts as whole numbers."""
    if job.unit not in UNITS:
        raise InputError(f"unit: unknown {job.unit!r}; {choose_from(job.unit, UNITS)}")
    if not (math.isfinite(job.scale) and 1e-6 <= job.scale <= 1e9):
        raise InputError(f"scale: must be a number from 1e-6 to 1e9; got {job.scale}")
    repeat = checked_repeat(job.repeat)
    for key, value in asdict(job.options).items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InputError(f"{key}: must be a length greater than 0; got {value:g} µm")
    _require_own_files(job)
    for name in names:
        DOOR.get(name)
    return replace(job, repeat=repeat, report=job.report.of_cells(job.array))


def _require_own_files(job: Job) -> None:
    """No two bodies may go into one file: "film 1" and "film-1" would."""
    taken: dict[str, str] = {}
    for body in job.bodies:
        name = job.path(body, "").name.casefold()
        if name in taken:
            raise InputError(f"layers: the names {taken[name]!r} and {body!r} give files of the same name; change one")
        taken[name] = body
