"""Files and folders that appear whole or not at all, and texts of sizes.

What is being written has a name of its own: a dot, the name it will have, then this machine, the process and a number, `.part`. A process that was ended
at once leaves such a file behind; whoever next writes into the folder removes those whose process is gone.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
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
    temporary = path.with_name(f".{path.stem}.{_mark()}.part{path.suffix}")
    try:
        try:
            _sweep_once(path.parent)
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
    mark = _mark()
    temporary, former = (path.with_name(f".{path.name}.{mark}.{end}") for end in ("part", "old"))
    try:
        try:
            _sweep_once(path.parent)
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


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A passing folder in a folder; what is written there moves into it in the end, all of it, or vanishes.

    The file that tells of the others, `INDEX`, goes first and comes last: where it stands, it tells of what is there, whenever a process was ended.
    Of two processes that write into one folder, one moves all its files after the other.

    Args:
        folder: is there already.

    Raises:
        OutputError: naming the file or folder and the reason.
    """
    sweep(folder)
    passing = folder / f".geom3d.{_mark()}.part"
    try:
        try:
            passing.mkdir()
            yield passing
            with _alone(folder):
                _move_all(passing, folder)
        except OutputError as error:
            raise OutputError(str(error).replace(str(passing), str(folder))) from None
        except OSError as error:
            raise OutputError(f"folder {str(folder)!r} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def _move_all(passing: Path, folder: Path) -> None:
    """Moves all entries of a folder into another, in place of those that have their names."""
    entries = sorted(passing.iterdir(), key=lambda entry: (entry.name == INDEX, entry.name))
    for entry in entries:  # nothing is moved where one of them cannot be
        there = folder / entry.name
        if entry.is_file() and there.is_dir():
            raise OutputError(f"file {str(there)!r} cannot be written: {os.strerror(errno.EISDIR)}")
        if entry.is_dir() and (there.is_symlink() or (there.exists() and not there.is_dir())):
            raise OutputError(f"folder {str(there)!r} cannot be written: something that is no folder has its name")
    if entries and entries[-1].name == INDEX:
        (folder / INDEX).unlink(missing_ok=True)
    for entry in entries:
        there = folder / entry.name
        if entry.is_dir() and there.is_dir():
            former = there.with_name(f".{there.name}.{_mark()}.old")
            there.rename(former)
            entry.rename(there)
            shutil.rmtree(former, ignore_errors=True)
        else:
            entry.replace(there)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits until no other process moves files into a folder, where the system can tell."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a disk of another machine may know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # and with it the lock, as when the process ends


#: What a folder of files says of the others in it.
INDEX = "report.json"
_LEFT = re.compile(
    r"\.(?P<name>.+)\.(?P<host>[0-9a-f]{6})-(?P<pid>[0-9a-f]+)-[0-9a-f]{8}\.(?P<kind>part|old)(\.[^.]*)?\Z", re.DOTALL
)


@cache
def _host() -> str:
    """This machine, in six letters."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _mark() -> str:
    """This machine, this process, and a number that no other has."""
    return f"{_host()}-{os.getpid():x}-{secrets.token_hex(4)}"


def sweep(folder: Path) -> list[Path]:
    """Removes what processes of this machine have left in a folder that were ended while they wrote.

    Returns:
        what was removed.
    """
    removed = []
    with suppress(OSError):  # a folder that cannot be read: writing will say so
        for path in list(folder.iterdir()):
            found = _LEFT.match(path.name)
            if found is None or found["host"] != _host() or _is_running(int(found["pid"], 16)):
                continue
            there = folder / found["name"]
            with suppress(OSError):
                if found["kind"] == "old" and not there.exists():
                    path.rename(there)  # it was moved aside for one that did not come
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                removed.append(path)
    return removed


@cache
def _sweep_once(folder: Path) -> None:
    """Once in this process: many files may go into one folder."""
    sweep(folder)


def _is_running(process: int) -> bool:
    """Whether a process of that number runs on this machine; so it seems where that cannot be asked without harm."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
