"""Exporters: one file each, found by its name; `stl.py` is `--format stl`.

Such a file has a function `export(job)`, which writes its files and returns an entry on each for the report, and
`estimate(job)`, which tells how much it will write.
"""

from __future__ import annotations

import errno
import importlib
import json
import math
import pkgutil
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from numpy.typing import NDArray

from geom3d import __version__
from geom3d.cell import Cell
from geom3d.errors import InputError, OutputError, choose_from
from geom3d.report import Report
from geom3d.template import MOST_CELLS, Template
from geom3d.volume import VolumeMesh
from geom3d.walls import Walls

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
    walls: Walls
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
    """The form of a module in this folder."""

    __doc__: str | None

    def export(self, job: Job) -> list[dict[str, Any]]: ...

    def estimate(self, job: Job) -> dict[str, int]: ...


@cache
def formats() -> tuple[str, ...]:
    """Names of all exporters."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


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
    _require_room(job.folder, sum(_sizes(job, names).values()))
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"folder {str(job.folder)!r} cannot be made: {error.strerror}") from None
    files: list[dict[str, Any]] = []
    for name in names:
        files += _exporter(name).export(job)
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
    return {file: size for name in names for file, size in _exporter(name).estimate(job).items()}


def _require_room(folder: Path, needed: int) -> None:
    """Nothing is begun that the disk cannot hold."""
    there = next((p for p in (folder.absolute(), *folder.absolute().parents) if _is_folder(p)), None)
    if there is None:
        return  # making the folder will say what is wrong
    disk = shutil.disk_usage(there)
    room = disk.free
    if disk.total and needed > room:  # what is no disk has no size; making the folder will say so
        raise OutputError(
            f"folder {str(folder)!r}: the files need up to {size_text(needed)}, the disk has {size_text(room)} left; "
            "take fewer cells (repeat) or another disk"
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name too long to look up
        return False


def size_text(count: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def _exporter(name: str) -> Exporter:
    module: Any = importlib.import_module(f"{__name__}.{name}")
    exporter: Exporter = module
    return exporter


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
        if name not in formats():
            raise InputError(f"format: unknown {name!r}; {choose_from(name, formats())}")
    return replace(job, repeat=(int(counts[0]), int(counts[1])))


def _require_own_files(job: Job) -> None:
    """No two bodies may go into one file: "film 1" and "film-1" would."""
    taken: dict[str, str] = {}
    for body in job.bodies:
        name = job.path(body, "").name.casefold()
        if name in taken:
            raise InputError(f"layers: the names {taken[name]!r} and {body!r} give files of the same name; change one")
        taken[name] = body


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder, which takes the name of `path` in the end, or vanishes.

    Raises:
        OutputError: naming the file and the reason.
    """
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        try:
            yield temporary
            temporary.replace(path)
        except OSError as error:
            raise OutputError(f"file {str(path)!r} cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all: written under a temporary name, then renamed.

    Raises:
        OutputError: naming the file and the reason.
    """
    with unfinished(path) as temporary, temporary.open("wb") as file:
        yield file


def rows(pattern: str, table: NDArray[Any], chunk: int = 50_000) -> Iterator[bytes]:
    """A table as text, in pieces.

    Args:
        pattern: of one row, with a % conversion for every number and the end of the line.
        table: (n, k) numbers.
        chunk: rows of one piece.
    """
    for start in range(0, len(table), chunk):
        part = table[start : start + chunk]
        # One conversion of many numbers is done in C, and several times faster than one of each row.
        yield (pattern * len(part) % tuple(part.ravel().tolist())).encode()


@contextmanager
def unfinished_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path`, which takes its name in the end, in place of one that had it, or vanishes.

    Raises:
        OutputError: naming the folder and the reason.
    """
    mark = secrets.token_hex(4)
    temporary, former = (path.with_name(f".{path.name}.{mark}.{end}") for end in ("part", "old"))
    try:
        try:
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                raise NotADirectoryError(errno.ENOTDIR, "something that is no folder has its name")
            temporary.mkdir()
            yield temporary
            if path.exists():
                path.rename(former)
            temporary.rename(path)
        except OSError as error:
            if former.exists() and not path.exists():
                former.rename(path)
            raise OutputError(f"folder {str(path)!r} cannot be written: {error.strerror or error}") from None
    finally:
        for left in (temporary, former):
            shutil.rmtree(left, ignore_errors=True)
