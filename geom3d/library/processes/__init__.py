"""Processes that make batteries: one TOML file each, with the limits that a check holds a design against.

The file is named as the process is; its keys are the attributes of `Process`:

    title = "Micro stereolithography"
    class = "photopolymerization"
    min_feature = "10 µm"
    min_gap = 10
    layer_height = 10
    max_aspect_ratio = 10
    max_overhang_deg = 45
    max_bridge = 100
    source = "doi:…"

A process of this folder is found by its name. A user's own is a file of the same form, given by its path. Another distribution
puts its files in a package and registers that:

    [project.entry-points."geom3d.processes"]
    battery_plugin = "battery_plugin.processes"
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from geom3d.core.errors import choose_from
from geom3d.core.quantities import Length
from geom3d.core.words import Text, Words
from geom3d.library.catalogue import Catalogue, read_text, read_toml, validated

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

#: Least sticking probability that is taken for one: below it films are even to depths beyond all that is etched.
LEAST_STICKING = 1e-6

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
        max_bridge: widest span of what is steeper than that and carried on its sides, or twice the longest ledge; None where
            nothing steeper can be made at all.
        line_of_sight: whether a film arrives straight from above, so that deep walls get little of it.
        sticking: probability that what arrives stays where it hits, of a process that is not line of sight; it depends on
            precursor, surface and temperature, so that no shipped process has one.
        min_coverage: least share of its nominal thickness with which a film counts as made, at its thinnest place.
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
    max_bridge: Extent | None = None
    line_of_sight: bool = False
    sticking: Annotated[float, Field(ge=LEAST_STICKING, le=1)] | None = None
    min_coverage: Annotated[float, Field(ge=0, le=1)] | None = None
    source: Text = "user"
    note: Words = ""

    @property
    def family(self) -> Family:
        """What it does, and so which rules hold."""
        families: dict[str, Family] = {"silicon etch": "etching", "film deposition": "deposition"}
        return families.get(self.kind, "printing")

    @property
    def sticking_probability(self) -> float | None:
        """Of step coverage: 1 for line of sight; None where it is not known."""
        return 1.0 if self.line_of_sight else self.sticking

    @property
    def trapped(self) -> str | None:
        """What closed cavities trap; None where they stay empty."""
        return TRAPPED.get(self.kind)

    @property
    def carries(self) -> bool:
        """Whether what is not printed carries what is, so that nothing hangs in mid-air."""
        return self.max_overhang_deg >= 90


#: The processes: those that come with geom3d, and those of distributions that have entry points `geom3d.processes`.
CATALOGUE = Catalogue("process", Process, lambda: files(__name__), "geom3d.processes")


def shipped() -> list[str]:
    """Names of the processes that come with geom3d."""
    return list(CATALOGUE.shipped)


def names() -> list[str]:
    """Names of all processes: those that come with geom3d, and those of other distributions."""
    return CATALOGUE.names


def find(name: str) -> Process | None:
    """The process of that name, or None.

    >>> find("micro-sla").layer_height
    5.0

    Raises:
        InputError, PluginError: where its file has a wrong form.
    """
    return CATALOGUE.find(name)


def load_process(source: str | Path) -> tuple[str, Process]:
    """A process by its name, or from a file.

    Args:
        source: name, or path of a TOML file.

    Returns:
        its name, that of the file without the ending, and the process.

    Raises:
        InputError: naming the file, the key, the rule, the value and the valid options.
        PluginError: where the process of another distribution cannot be used.
    """
    path = Path(source)
    found = find(str(source)) if path.suffix != ".toml" else None
    entry = CATALOGUE.entry(str(source)) if found is not None else None
    if found is not None and entry is not None:
        return entry.name, found

    def missing() -> str:
        valid = choose_from(path.stem, [*names(), "all"])
        return f"process: no file and no shipped process {str(source)!r}; {valid}"

    where = f"process: {path}"
    data = read_toml(read_text(path, where, missing, regular=True), where)
    return path.stem, validated(Process, {"title": path.stem, **data}, where)
