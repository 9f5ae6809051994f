"""Files of a user's own that a template names: where they are, and what may be read of them.

A path is relative to the template's file, like that of a material; then it is looked for in the working folder, and a bare
name at last among the small examples that come with geom3d. Nothing else is opened: readers get bytes or open files, and
no reader may follow a reference to a further file.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from geom3d.architectures import ParametersBase
from geom3d.core.errors import InputError, choose_from

#: Bytes of a file, at most.
LARGEST = 2**31
#: What else than a file or a folder can stand at a path.
KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class FileParameters(ParametersBase):
    """Parameters of a structure that a file holds; each has a key `file`."""

    _folder: Path | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any) -> None:
        """Keeps the folder of the template, which is told by whoever reads it."""
        self._folder = context.get("folder") if isinstance(context, Mapping) else None

    def located(self, name: str, endings: tuple[str, ...], *, folders: bool = False) -> Path:
        """Where the file of that name is.

        Args:
            name: as the template gives it.
            endings: of names, small letters; others are refused before anything is opened.
            folders: whether a folder will do, too.

        Raises:
            InputError: where there is none, or what is there is no file that can be read.
        """
        # Not resolved: a message names the path as the user knows it.
        places = [*([] if self._folder is None else [self._folder / name]), Path(name)]
        if Path(name).name == name:
            places.append(Path(str(shipped())) / name)
        for path in places:
            mode = _mode(path)
            if mode is None:
                continue
            return _checked(path, mode, endings, folders=folders)
        valid = choose_from(name, [entry for entry in examples() if Path(entry).suffix in endings])
        raise InputError(
            f"parameters.file: {name!r}: no such file beside the template; examples that come along: {valid}"
        )


def shipped() -> Any:
    """The folder of the examples."""
    return files("geom3d.architectures") / "data"


def examples() -> list[str]:
    """Names of the examples that come with geom3d."""
    return sorted(entry.name for entry in shipped().iterdir() if not entry.name.startswith((".", "_")))


def require_bytes(path: Path, most: int = LARGEST) -> None:
    """Raises a clear error for a file that is empty or larger than anything sensible."""
    size = path.stat().st_size
    if size == 0:
        raise unreadable(path, "it is empty")
    if size > most:
        raise unreadable(path, f"it has {size:,} bytes, at most {most:,} are read")


def unreadable(path: Path, reason: object) -> InputError:
    """The error on a file that is not what its name says.

    Args:
        path: of the file.
        reason: in words, or what a reader raised.
    """
    words = str(reason).strip().splitlines()
    text = (words[0] if words else type(reason).__name__) if not isinstance(reason, KeyError) else f"no {reason}"
    return InputError(f"parameters.file: {str(path)!r} cannot be read: {text[:200]}")


def _mode(path: Path) -> int | None:
    """What stands at a path, links followed; None where nothing does."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise InputError(f"parameters.file: {str(path)!r} is a link that leads nowhere") from None
        return None
    except (OSError, ValueError) as error:  # a loop of links, a name too long, a zero byte
        raise InputError(
            f"parameters.file: {str(path)[:80]!r} is no path of a file: {getattr(error, 'strerror', None) or error}"
        ) from None


def _checked(path: Path, mode: int, endings: tuple[str, ...], *, folders: bool) -> Path:
    """The path, if what stands there can be read."""
    for is_kind, words in KINDS:
        if is_kind(mode):
            raise InputError(f"parameters.file: {str(path)!r} must be a file; it is {words}")
    if stat.S_ISDIR(mode):
        if folders:
            return path
        raise InputError(f"parameters.file: {str(path)!r} must be a file; it is a folder")
    if path.suffix.lower() not in endings:
        raise InputError(f"parameters.file: must end in one of {', '.join(endings)}; got {path.name!r}")
    require_bytes(path)
    return path
