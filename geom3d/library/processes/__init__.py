"""Processes that make batteries: one TOML file each, with the limits that a check holds a design against.

A user's own process is a file of the same form, given by its path.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from geom3d.core.errors import InputError, choose_from
from geom3d.core.quantities import Length
from geom3d.core.validation import explain

Text = Annotated[str, StringConstraints(min_length=1)]
Extent = Annotated[Length, Field(gt=0)]
Class = Literal[
    "material extrusion",
    "inkjet processing",
    "binder jetting",
    "powder bed fusion",
    "directed energy release",
    "photopolymerization",
    "sheet lamination",
    "silicon etch",
    "film deposition",
]
Family = Literal["printing", "etching", "deposition"]

#: What a closed cavity traps, by class; elsewhere it stays empty.
TRAPPED = {
    "photopolymerization": "resin",
    "powder bed fusion": "powder",
    "binder jetting": "powder",
    "sheet lamination": "waste",
}


class Process(BaseModel):
    """A process and what it can make; lengths in µm.

    Attributes:
        title: plain name.
        kind: its class, `class` in the file; it decides which rules hold.
        min_feature: smallest width of a printed or etched wall or post; smallest thickness of a film.
        min_gap: smallest distance between walls.
        layer_height: of a printed layer.
        max_aspect_ratio: of posts, walls and holes; for films the equivalent aspect ratio of what they grow into.
        max_overhang_deg: steepest overhang, degrees from the vertical: 0 for none, 90 where overhangs are carried.
        source, note: where the figures come from, and what to know about them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    title: Text
    kind: Class = Field(alias="class")
    min_feature: Extent
    min_gap: Extent | None = None
    layer_height: Extent | None = None
    max_aspect_ratio: Annotated[float, Field(gt=0)] | None = None
    max_overhang_deg: Annotated[float, Field(ge=0, le=90)] = 90.0
    source: Text = "user"
    note: str = ""

    @property
    def family(self) -> Family:
        """What it does, and so which rules hold."""
        families: dict[str, Family] = {"silicon etch": "etching", "film deposition": "deposition"}
        return families.get(self.kind, "printing")

    @property
    def trapped(self) -> str | None:
        """What closed cavities trap; None where they stay empty."""
        return TRAPPED.get(self.kind)

    @property
    def carries(self) -> bool:
        """Whether what is not printed carries what is, so that nothing hangs in mid-air."""
        return self.max_overhang_deg >= 90


def shipped() -> list[str]:
    """Names of the processes that come with geom3d."""
    return sorted(entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml"))


@cache
def find(name: str) -> Process | None:
    """The shipped process of that name, or None."""
    if name not in shipped():
        return None
    return Process.model_validate(tomllib.loads((_folder() / f"{name}.toml").read_text("utf-8")))


def load_process(source: str | Path) -> tuple[str, Process]:
    """A process by the name of a shipped one, or from a file.

    Args:
        source: name, or path of a TOML file.

    Returns:
        its name, that of the file without the ending, and the process.

    Raises:
        InputError: naming the file, the key, the rule, the value and the valid options.
    """
    path = Path(source)
    found = find(str(source)) if path.suffix != ".toml" else None
    if found is not None:
        return str(source), found
    try:
        text = path.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        valid = choose_from(path.stem, [*shipped(), "all"])
        raise InputError(f"process: no file and no shipped process {str(source)!r}; {valid}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"process: {path}: not a UTF-8 text file (byte {error.start})") from None
    except (OSError, ValueError) as error:
        raise InputError(f"process: {path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"process: {path}: not valid TOML: {error}") from None
    try:
        return path.stem, Process.model_validate({"title": path.stem, **data})
    except ValidationError as error:
        raise InputError(f"process: {path}: {explain(error, Process, data, '')}") from None


def _folder() -> Traversable:
    return files(__name__)
