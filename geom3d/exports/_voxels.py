"""What the files of voxels share: the boxes, what the user must know of them, and the sheet with the labels' meaning.

In the files 0 is the void, which programs take for the background, and region k of the cell is k + 1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from geom3d._version import __version__
from geom3d.core.errors import MissingOptionError
from geom3d.core.files import replacing
from geom3d.core.progress import bar
from geom3d.exports import Job, Written
from geom3d.rasters.voxels import Labels, VoxelGrid, layers, rounded_up, voxel_grid

#: A cell that is proposed has no more voxels than this.
USUAL_VOXELS = 2e8
#: Relative difference of a voxel's edges above which a warning is given.
ANISOTROPY = 0.01


class Stack:
    """The voxels of a job's unit cell, from the lowest layer to the highest.

    Attributes:
        boxes: their counts and edges.
        spacing: edges in x, y and z in units of the file.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.boxes = _boxes(job)
        self.spacing = tuple(edge * job.factor for edge in self.boxes.spacing)
        self._counts = np.zeros(256, dtype=np.int64)

    def layers(self, name: str) -> Iterator[Labels]:
        """The (ny, nx) labels of one layer after the other, counted on the way."""
        void = self._job.walls.void
        table = np.r_[np.arange(1, void + 1), 0].astype(np.uint8)
        with bar(name, self.boxes.shape[0]) as advance:
            for page in layers(self._job.cell, self._job.walls, self.boxes):
                labels = table[page]
                self._counts += np.bincount(labels.ravel(), minlength=256)
                yield labels
                advance(1)

    def sheet(self, file: str) -> Written:
        """Writes what the labels of a file mean, once all layers have been read; tells of both files."""
        job, boxes = self._job, self.boxes
        names = [*job.walls.names, "void"]
        volumes = job.walls.volumes.tolist()
        volumes[-1] = max(boxes.count * boxes.volume - sum(volumes[:-1]), 0.0)  # up to the cell's top
        labels = []
        for number, (name, volume) in enumerate(zip(names, volumes, strict=True), start=1):
            label = number % len(names)
            voxels = int(self._counts[label])
            entry: dict[str, Any] = {"label": label, "name": name, "role": None, "material": None, "colour": None}
            if label:
                region = job.cell.regions[number - 1]
                entry |= {
                    "role": region.role.value,
                    "material": region.material.title,
                    "colour": region.material.colour,
                }
            entry |= {"voxels": voxels, "volume_by_voxels_um3": voxels * boxes.volume, "volume_um3": volume}
            labels.append(entry)
        content = {
            "geom3d": __version__,
            "template": job.about.name,
            "file": file,
            "axes": "array[z, y, x], x fastest; the first voxel is the one at lowest x, y and z",
            "shape": list(boxes.shape),
            "periodic": ["x", "y"],
            "unit": job.unit,
            "spacing_xyz": list(self.spacing),
            "spacing_xyz_um": list(boxes.spacing),
            "origin_xyz": [0.0, 0.0, 0.0],
            "origin": "lower corner of the first voxel, in the same place as the origin of all files of the design",
            "scale": job.scale,
            "rule": "region with the largest share of the voxel"
            if job.cell.family.vertical_walls
            else "region at the voxel's centre",
            "labels": sorted(labels, key=lambda entry: int(entry["label"])),
        }
        path = self._job.folder / f"{file}.json"
        text = (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
        with replacing(path) as sheet:
            sheet.write(text)
        size = (job.folder / file).stat().st_size
        of = "the unit cell" if job.cells == (1, 1) else f"{job.cells[0]} × {job.cells[1]} unit cells"
        entries = [
            {"file": file, "content": f"voxels of {of}", "shape": list(boxes.shape), "bytes": size},
            {"file": path.name, "content": "meaning of the voxels' labels", "bytes": len(text)},
        ]
        return Written(entries, self._warnings())

    def _warnings(self) -> list[str]:
        job, boxes, found = self._job, self.boxes, []
        edges = " × ".join(f"{edge:.4g}" for edge in boxes.spacing)
        if boxes.anisotropy > ANISOTROPY:
            found.append(f"voxels are no cubes but {edges} µm, of which the unit cell is a whole number")
        lost = [name for label, name in enumerate(job.walls.names, start=1) if not self._counts[label]]
        if lost:
            found.append(f"too thin for these voxels and in none of them: {', '.join(lost)}")
        longest = max(boxes.spacing)
        films = job.cell.films
        thin = [name for name, thickness in films.items() if thickness < 2 * longest * (1 - 1e-6) and name not in lost]
        if thin:
            found.append(
                f"thinner than two voxels, so that its thickness is coarse and holes may show: {', '.join(thin)}"
            )
        if job.repeat not in {(1, 1), job.about.repeat}:
            found.append("files of voxels hold one unit cell, whatever the repeat; numpy.tile repeats it")
        return found


def sheet_estimate(job: Job) -> int:
    """The most bytes the sheet may have."""
    return 2000 + 1000 * len(job.cell.regions) + 8 * len(job.about.name)


def _boxes(job: Job) -> VoxelGrid:
    """The boxes of the edge that was asked for.

    Raises:
        MissingOptionError: where none was, with a proposal.
        InputError: where there are too many.
    """
    edge = job.options.voxel
    if edge is not None:
        return voxel_grid(job.cell, edge)
    facts, films = job.cell.facts, job.cell.films.values()
    width = min(facts.feature, facts.gap, math.inf if facts.web is None else facts.web.radius, *job.cell.size)
    film = min(films, default=math.inf) / 2
    edge, why = (
        (film, "half the thinnest film") if film <= width / 4 else (width / 4, "a quarter of the smallest width")
    )
    volume = job.cell.footprint * job.cell.top
    least = (volume / USUAL_VOXELS) ** (1 / 3)
    if edge < least:
        edge, why = least, f"the finest that keeps to {USUAL_VOXELS:.0e} voxels"
    edge = rounded_up(edge)
    boxes = voxel_grid(job.cell, edge)
    raise MissingOptionError(
        "voxel", edge, f"must be given for voxels, such as {edge:g} µm ({why}; {boxes.text} voxels)"
    )
