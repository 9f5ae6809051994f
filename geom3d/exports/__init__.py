"""Exporters: one file each, found by its name; `stl.py` is `--format stl`.

Such a file, or what another distribution registers under `[project.entry-points."geom3d.exporters"]`, has the form of
`Exporter`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from geom3d._version import __version__
from geom3d.cell.cell import Cell
from geom3d.cell.template import MOST_CELLS, Template
from geom3d.core.errors import InputError, OutputError, choose_from
from geom3d.core.files import replacing, require_room
from geom3d.core.plugins import Door, lacking
from geom3d.mesh.interfaces import InterfaceMesh
from geom3d.mesh.volume import VolumeMesh
from geom3d.metrics.report import Report

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
        template, overrides: the design.
        cell: the unit cell.
        walls: of the unit cell.
        report: the numbers.
        folder: where files go.
        repeat: unit cells in x and y.
        unit: the length that one unit of a file stands for.
        scale: magnification.
        options: of single formats.
        warnings: exporters append a sentence where the reader of a file must know something.
        meshes: volume meshes by longest edge, made by the first exporter that needs one, for those after it.
    """

    template: Template
    overrides: Mapping[str, Any]
    cell: Cell
    walls: InterfaceMesh
    report: Report
    folder: Path
    repeat: tuple[int, int]
    unit: str = "mm"
    scale: float = 1.0
    options: Options = field(default_factory=Options)
    warnings: list[str] = field(default_factory=list)
    meshes: dict[float | None, VolumeMesh] = field(default_factory=dict)

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
        return self.folder / f"{self.template.name}_{word}_{self.unit}{magnified}{end}"


class Exporter(Protocol):
    r"""The form of an exporter: of a module in this folder, and of what another distribution registers.

    The first line of its docstring says what the files hold. One that writes the vertices of every region as a table, with
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
    ...     return entries
    """

    __doc__: str | None

    def export(self, job: Job) -> list[dict[str, Any]]:
        """Writes the files, each whole or not at all (`geom3d.core.files.replacing`), under names that `job.path` gives.

        Returns:
            an entry on each file for `report.json`: its name under `file`, and whatever a reader of the file must know.

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
    right = isinstance(result, list) and all(isinstance(e, dict) and isinstance(e.get("file"), str) for e in result)
    return None if right else "must return a list of mappings that have the file's name under 'file'"


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


def formats() -> tuple[str, ...]:
    """Names of all exporters."""
    return DOOR.names


def plan(job: Job, names: tuple[str, ...]) -> dict[str, int]:
    """What would be written: at most so many bytes by file name, `report.json` aside.

    Raises:
        InputError: an option that is not valid, or a format that this design does not have.
    """
    return _sizes(_checked(job, names), names)


def write(job: Job, names: tuple[str, ...]) -> list[Path]:
    """Writes a design in these formats, and `report.json` beside them.

    Raises:
        InputError: an option that is not valid.
        OutputError: a file or folder that cannot be written, or a disk without the room.
    """
    job = _checked(job, names)
    require_room(job.folder, sum(_sizes(job, names).values()))
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"folder {str(job.folder)!r} cannot be made: {error.strerror}") from None
    files: list[dict[str, Any]] = []
    for name in names:
        files += DOOR.get(name).export(job)
    sidecar = {
        "geom3d": __version__,
        "template": job.template.model_dump(mode="json"),
        "overrides": dict(job.overrides),
        "repeat": list(job.repeat),
        "unit": job.unit,
        "scale": job.scale,
        "files": files,
        "warnings": job.warnings,
        "report": job.report.data,
    }
    path = job.folder / "report.json"
    with replacing(path) as file:
        file.write((json.dumps(sidecar, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())
    return [*(job.folder / entry["file"] for entry in files), path]


def _sizes(job: Job, names: tuple[str, ...]) -> dict[str, int]:
    return {file: size for name in names for file, size in DOOR.get(name).estimate(job).items()}


def _checked(job: Job, names: tuple[str, ...]) -> Job:
    """The job with its options checked and its counts as whole numbers."""
    if job.unit not in UNITS:
        raise InputError(f"unit: unknown {job.unit!r}; {choose_from(job.unit, UNITS)}")
    if not (math.isfinite(job.scale) and 1e-6 <= job.scale <= 1e9):
        raise InputError(f"scale: must be a number from 1e-6 to 1e9; got {job.scale}")
    counts = [n for n in job.repeat if isinstance(n, int | float) and 1 <= n <= MOST_CELLS and n == int(n)]
    if len(counts) != 2 or len(job.repeat) != 2:
        shown = " ".join(f"{n:g}" if isinstance(n, float) else str(n) for n in job.repeat)
        raise InputError(f"repeat: must be two whole numbers from 1 to {MOST_CELLS}; got {shown}")
    for key, value in asdict(job.options).items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InputError(f"{key}: must be a length greater than 0; got {value:g} µm")
    _require_own_files(job)
    for name in names:
        DOOR.get(name)
    return replace(job, repeat=(int(counts[0]), int(counts[1])))


def _require_own_files(job: Job) -> None:
    """No two bodies may go into one file: "film 1" and "film-1" would."""
    taken: dict[str, str] = {}
    for body in job.bodies:
        name = job.path(body, "").name.casefold()
        if name in taken:
            raise InputError(f"layers: the names {taken[name]!r} and {body!r} give files of the same name; change one")
        taken[name] = body
