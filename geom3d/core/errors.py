"""The errors geom3d raises on purpose.

All derive from `Geom3dError`; the command line prints their text, one or two lines, and ends with
exit code 1. Anything else that escapes is a defect of geom3d.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class Geom3dError(Exception):
    """Base of every error that geom3d raises on purpose."""


class InputError(Geom3dError):
    """The description of the battery is wrong: a key, a value, a file."""


class MissingOptionError(InputError):
    """Something that a format asks for was not given.

    Attributes:
        key: its name.
        proposal: a length that suits the design, µm.
    """

    def __init__(self, key: str, proposal: float, rule: str) -> None:
        super().__init__(f"{key}: {rule}")
        self.key = key
        self.proposal = proposal


class GeometryError(Geom3dError):
    """The geometry that was built fails its own checks.

    Attributes:
        walls: the offending mesh, or None where none could be built. The command line writes it to a file.
    """

    def __init__(self, message: str, walls: Any = None) -> None:
        super().__init__(message)
        self.walls = walls


class OutputError(Geom3dError):
    """A file or folder could not be written."""


class PluginError(Geom3dError):
    """What another distribution registers with geom3d cannot be used; the message names the distribution."""


def choose_from(word: str, options: Iterable[str], *, limit: int = 40) -> str:
    """The closing half of an error message: the valid options, and the likely one first.

    Args:
        word: what the user wrote.
        options: what would have been valid.
        limit: how many options are named at the most.
    """
    names = sorted(options)
    folded = {name.casefold(): name for name in names}
    close = [folded[c] for c in difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)]
    hint = f"did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
    return f"{hint}valid: {shown or 'none'}"
