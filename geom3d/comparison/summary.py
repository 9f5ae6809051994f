"""What a comparison shows of a design: small, and fit to be handed from one process to another."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from geom3d.cell.description import Description
from geom3d.comparison.model import Model, model_of
from geom3d.core.colours import colour_of, lighter_colour
from geom3d.core.progress import bar
from geom3d.core.roles import Role
from geom3d.core.workers import each
from geom3d.evaluation import Evaluation
from geom3d.library.materials import Material
from geom3d.metrics import Sample
from geom3d.metrics.report import Report

#: Width and height of the pictures, pixels.
PICTURE = (1200, 900)
#: Designs from which on more processes are worth their start, by whether pictures are drawn.
FEWEST = {True: 4, False: 12}


@dataclass(frozen=True)
class Parts:
    """What is wanted of every design.

    Attributes:
        pictures: a picture of each.
        models: a light mesh of each, to be turned in a page.
    """

    pictures: bool = False
    models: bool = False


@dataclass(frozen=True)
class Summary:
    """A design, measured and drawn.

    Attributes:
        label: what tables and charts call it; no two are called the same.
        description: what the battery is called, and what was asked for.
        report: its numbers.
        size: edges of the unit cell in x, y and z, up to the top of the highest region, µm.
        materials: by region, in order.
        picture: a PNG file, or None.
        model: a light mesh, or None.
        notes: what could not be drawn, in sentences.
        rows: paths of the numbers that tables show, in order; all if empty.
    """

    label: str
    description: Description
    report: Report
    size: tuple[float, float, float]
    materials: dict[str, Material]
    picture: bytes | None = None
    model: Model | None = None
    notes: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()

    @property
    def swatches(self) -> list[tuple[str, str, str]]:
        """Name, colour in pictures and title of the material of every region, from the top down."""
        met: dict[str, int] = {}
        found = []
        for name, material in self.materials.items():
            role = self.report["materials"][name]["role"]
            found.append((name, lighter_colour(colour_of(role), 0.4 * met.get(role, 0)), material.title))
            met[role] = met.get(role, 0) + 1
        return found[::-1]

    @property
    def title(self) -> str:
        """The title that the template gives."""
        return self.description.title


def gather(designs: Sequence[Evaluation], parts: Parts, workers: int = 1) -> list[Summary]:
    """Measures and draws the designs, with a progress bar.

    Args:
        designs: in the order of the comparison.
        parts: what is wanted of each.
        workers: processes that share the work; 1 for this one alone, which keeps what it has measured.

    Raises:
        InputError: a design that cannot be built.
        GeometryError: a mesh that fails its checks.
        OutputError: where a process was ended by the system.
    """
    words = "measuring and drawing" if parts.pictures else "measuring"
    if len(designs) < FEWEST[parts.pictures]:
        workers = 1
    with bar(words, len(designs)) as advance:
        summaries = each(
            partial(summary, parts=parts),
            designs,
            advance,
            workers=workers,
            copy=lambda design: replace(design, overrides={}),  # which does not carry what has been built
            lost=lambda design: f"no comparison of {design.source!r}; compare fewer designs",
        )
    return [replace(e, label=label) for e, label in zip(summaries, labels(designs), strict=True)]


def summary(design: Evaluation, parts: Parts) -> Summary:
    """One design, measured and drawn."""
    report, cell = design.measure(), design.cell()
    picture, notes = _picture(design) if parts.pictures else (None, ())
    return Summary(
        label=design.description.name,
        description=design.description,
        report=report,
        size=(cell.size[0], cell.size[1], cell.height),
        materials={region.name: region.material for region in cell.regions},
        picture=picture,
        model=model_of(coloured_by_role(design).cell(), design.walls()) if parts.models else None,
        notes=notes,
    )


def labels(designs: Sequence[Evaluation]) -> list[str]:
    """A name for every design: the template's, with what was overridden where names repeat, numbered where that does."""
    return _told_apart(designs, [design.description.name for design in designs])


def titles(designs: Sequence[Evaluation]) -> list[str]:
    """The same with the titles that people read."""
    return _told_apart(designs, [design.description.title for design in designs])


def _told_apart(designs: Sequence[Evaluation], names: list[str]) -> list[str]:
    """Names, with what was overridden where they repeat, numbered where that does."""
    plain = tuple(names)
    for k, design in enumerate(designs):
        if design.overrides and plain.count(plain[k]) > 1:
            changes = [f"{key.rpartition('.')[2]} = {value}" for key, value in design.overrides.items()]
            names[k] = f"{names[k]} ({', '.join(changes)})"
    return [f"{name} ({names[: k + 1].count(name)})" if names.count(name) > 1 else name for k, name in enumerate(names)]


def coloured_by_role(design: Evaluation) -> Evaluation:
    """The same battery in the colours that charts give to roles; further regions of a role are lighter."""
    cell = design.cell()
    regions, met = [], dict.fromkeys(Role, 0)
    for region in cell.regions:
        colour = lighter_colour(colour_of(region.role), 0.4 * met[region.role])
        met[region.role] += 1
        regions.append(replace(region, material=region.material.model_copy(update={"colour": colour})))
    found = Evaluation(replace(cell, regions=tuple(regions)), design.source)
    # The geometry is the same, and need not be made again.
    found.__dict__["sample"] = Sample(found.unit_cell, design.walls())
    return found


def _picture(design: Evaluation) -> tuple[bytes | None, tuple[str, ...]]:
    """A PNG file; where it fails, none, and a sentence that says so."""
    from geom3d import rendering

    with tempfile.TemporaryDirectory(prefix="geom3d-") as folder:
        path = Path(folder, "picture.png")
        try:
            # The page has the title and the legend beside the picture.
            rendering.render(coloured_by_role(design), path, size=PICTURE, title=False, legend=False)
        except Exception as error:  # noqa: BLE001 (numbers and charts do not depend on it, whatever it fails of)
            return None, (rendering.failed(design, error),)
        return path.read_bytes(), ()
