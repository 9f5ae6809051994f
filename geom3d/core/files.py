"""Files and folders that appear whole or not at all, and texts of sizes."""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from geom3d.core.errors import OutputError


def require_room(folder: Path, needed: int) -> None:
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


def make_folder(folder: Path) -> None:
    """Makes a folder, if it is missing, and those that it lies in.

    Raises:
        OutputError: naming the folder and the reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"folder {str(folder)!r} cannot be made: {error.strerror}") from None


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
            raise OutputError(f"folder {str(path)!r} cannot be written: {error.strerror or error}") from None
    finally:
        if former.exists() and not path.exists():  # an error, or an interrupt, between the two renamings
            former.rename(path)
        for left in (temporary, former):
            shutil.rmtree(left, ignore_errors=True)
