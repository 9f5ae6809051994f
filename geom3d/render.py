"""Pictures of a battery, drawn off screen by PyVista from the exact geometry.

Of prisms, the cut view is no clipping of triangles: an empty region that takes the front quarter is put first in the cell, and
the first region that contains a point owns it; so the cut faces are as exact as all others. A sponge's cell is cut at
the borders of its period anyway: its cut view shows one cell as bare web, with the cut faces of its neighbours behind.
"""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from geom3d.api import Design
from geom3d.cell import Cell, Region
from geom3d.errors import InputError, OutputError, choose_from
from geom3d.exports import unfinished
from geom3d.materials import Material
from geom3d.roles import Role
from geom3d.solids.outline import rectangle, repeated
from geom3d.solids.prism import Prism, Prisms
from geom3d.walls import BoolArray, FloatArray, IntArray, Walls

VIEWS = ("cut", "iso", "top")
#: Most unit cells in one picture; more cannot be told apart.
MOST_CELLS = 100
#: Cells in each direction that a picture shows unless told otherwise.
SHOWN = 8
CUTOUT = "cutout"
#: Share of the picture's width that the legend takes.
LEGEND = 0.29

_PROBE = "import pyvista as p; q = p.Plotter(off_screen=True, window_size=(8, 8)); q.add_mesh(p.Cube()); q.screenshot()"


def has_opengl() -> bool:
    """Whether this machine can draw; asked in a child process, since VTK dies of a segmentation fault where it cannot."""
    probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, check=False)  # noqa: S603
    return probe.returncode == 0


def render(
    design: Design,
    path: Path,
    *,
    view: str = "cut",
    repeat: tuple[int, int] | None = None,
    size: tuple[int, int] = (1600, 1200),
) -> None:
    """Draws a battery into a PNG file.

    Args:
        design: the battery.
        path: of the file, ending in .png.
        view: "cut" (front quarter removed), "iso" or "top".
        repeat: unit cells in x and y; the template's if None, as far as a picture can show.
        size: width and height of the picture, pixels.

    Raises:
        InputError: an option that is not valid.
        OutputError: a file that cannot be written, or a machine without OpenGL.
    """
    if view not in VIEWS:
        raise InputError(f"view: unknown {view!r}; {choose_from(view, VIEWS)}")
    if path.suffix.lower() != ".png":
        raise InputError(f"output: must end in .png; got {path.name!r}")
    if not all(16 <= n <= 8000 for n in size):
        raise InputError(f"size: must be two numbers of pixels from 16 to 8000; got {size[0]} {size[1]}")
    x, y = design.template.repeat if repeat is None else repeat
    cells = (min(x, SHOWN), min(y, SHOWN)) if repeat is None else (x, y)
    if min(cells) < 1 or cells[0] * cells[1] > MOST_CELLS:
        raise InputError(f"repeat: a picture shows 1 to {MOST_CELLS} unit cells; got {cells[0]} × {cells[1]}")
    if not has_opengl():
        raise OutputError(
            "no picture: this machine has no OpenGL for off-screen drawing; "
            "on Debian or Ubuntu install the packages libegl1 and libgl1-mesa-dri"
        )
    cell = design.cell()
    with unfinished(path) as temporary:
        if cell.facts.web is None:
            whole = array(cell, cells)
            walls = (with_cutout(whole, cells) if view == "cut" else whole).walls()
            drawn = [(walls.vertices, visible(walls, walls.names.index(region.name))) for region in whole.regions]
        else:
            drawn = tiled(design.walls(), cells, peeled=view == "cut" and cells != (1, 1))
        extent = (cells[0] * cell.size[0], cells[1] * cell.size[1], cell.size[2])
        shown = _picture(drawn, cell, extent, view, size)
        _compose(shown, cell, extent, design.template.title, size, temporary)


def array(cell: Cell, repeat: tuple[int, int]) -> Cell:
    """A cell that holds several periods of another."""
    x, y, z = cell.size
    size = (repeat[0] * x, repeat[1] * y)
    shifts = [(i * x, j * y) for i in range(repeat[0]) for j in range(repeat[1])]
    regions = []
    for region in cell.regions:
        solid = region.solid
        assert isinstance(solid, Prisms)  # sponges are drawn from copies of their walls
        prisms = [replace(p, shape=shape) for p in solid.prisms for shape in repeated(p.shape, shifts)]
        regions.append(replace(region, solid=Prisms(tuple(prisms), size)))
    return replace(cell, size=(*size, z), regions=tuple(regions))


def with_cutout(cell: Cell, repeat: tuple[int, int]) -> Cell:
    """The array with its front quarter (low x, low y) emptied, cut through the posts nearest the middle."""
    x, y, _ = cell.size
    # Posts stand in the middle of a cell that holds one, and at a quarter of a cell that holds two or four.
    inner = 0.5 if cell.facts.posts <= 1 else 0.25
    at = [length * (count // 2 + inner) / count for length, count in zip((x, y), repeat, strict=True)]
    solid = Prisms((Prism(rectangle(0.0, 0.0, at[0], at[1]), -math.inf, math.inf),), (x, y))
    empty = Region(CUTOUT, Role.ENCAPSULATION, Material(title="cut"), solid)
    return replace(cell, regions=(empty, *cell.regions))


def tiled(walls: Walls, repeat: tuple[int, int], *, peeled: bool) -> list[tuple[FloatArray, IntArray]]:
    """Vertices and visible triangles of every region of a repeated sponge.

    Args:
        walls: of the unit cell.
        repeat: unit cells in x and y.
        peeled: whether the cell in front shows the web alone, and those beside it end there with their cut faces.
    """
    columns, rows = repeat
    everything = np.ones(len(walls.names) + 1, dtype=bool)
    everything[-1] = False
    bare = everything.copy()
    bare[[k for k, name in enumerate(walls.names) if name not in ("backing", "scaffold")]] = False

    def shown(column: int, row: int) -> BoolArray:
        if not (0 <= column < columns and 0 <= row < rows):
            return np.zeros_like(everything)
        return bare if peeled and column == row == 0 else everything

    drawn = []
    side = walls.twin >= 0
    normal, corners = walls.area_vectors, walls.vertices[walls.triangles]
    axis = (np.abs(normal[:, 1]) > np.abs(normal[:, 0])).astype(int)
    upper = corners.mean(axis=1)[np.arange(len(axis)), axis] > np.array(walls.size)[axis] / 2
    for label in range(len(walls.names)):
        vertices: list[FloatArray] = []
        triangles: list[IntArray] = []
        for column in range(columns):
            for row in range(rows):
                here = shown(column, row)
                if not here[label]:
                    continue
                # The last entry answers for OUTSIDE = -1.
                hidden = np.append(here, False)
                covered = np.where(walls.behind == label, hidden[walls.front], hidden[walls.behind])
                for k in range(2):
                    for up in (False, True):
                        step = (1 if up else -1) * np.eye(2, dtype=int)[k]
                        beyond = shown(column + int(step[0]), row + int(step[1]))
                        mine = side & (axis == k) & (upper == up)
                        covered[mine] = beyond[walls.behind[walls.twin[mine]]]
                seen = np.flatnonzero(((walls.behind == label) | (walls.front == label)) & ~covered)
                triangles.append(walls.triangles[seen] + len(vertices) * len(walls.vertices))
                vertices.append(walls.vertices + np.array([column * walls.size[0], row * walls.size[1], 0.0]))
        drawn.append(
            (np.concatenate(vertices), np.concatenate(triangles))
            if vertices
            else (walls.vertices[:0], walls.triangles[:0])
        )
    return drawn


def visible(walls: Walls, label: int) -> IntArray:
    """(F, 3) triangles of a region that can be seen: those towards the void, the cut and the outside."""
    hidden = [k for k, name in enumerate(walls.names) if name != CUTOUT]
    faces, index = walls.shell([label])
    beyond = np.where(walls.behind[index] == label, walls.front[index], walls.behind[index])
    return np.asarray(faces[~np.isin(beyond, hidden)])


def _picture(
    drawn: list[tuple[FloatArray, IntArray]], cell: Cell, extent: tuple[float, ...], view: str, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """(h, w, 3) the object alone on white, in parallel projection."""
    import pyvista

    # PyVista's own hints reject calls that its documentation shows.
    plotter: Any = pyvista.Plotter(off_screen=True, window_size=[int(size[0] * (1 - LEGEND)), size[1]], lighting="none")
    try:
        plotter.set_background("white")
        plotter.enable_anti_aliasing("ssaa")
        for direction, strength in (((-0.3, -1.0, 0.35), 0.55), ((-1.0, 0.1, 0.35), 0.25), ((0.0, 0.0, 1.0), 0.5)):
            light = pyvista.Light(
                position=direction, focal_point=(0, 0, 0), intensity=strength, light_type="scene light"
            )
            light.positional = False
            plotter.add_light(light)
        look = {"ambient": 0.42, "diffuse": 0.75, "lighting": True}
        for region, (vertices, faces) in zip(cell.regions, drawn, strict=True):
            if not len(faces):
                continue
            corners = vertices[faces]
            # Of a sponge, flat faces are outlined and curved ones shaded evenly; prisms have no curved faces.
            curved = (corners.max(axis=1) > corners.min(axis=1)).all(axis=1) & (cell.facts.web is not None)
            for part, smooth in ((faces[~curved], False), (faces[curved], True)):
                if not len(part):
                    continue
                mesh: Any = cast("Any", pyvista.PolyData).from_regular_faces(vertices, part).clean()
                if smooth:
                    mesh = mesh.compute_normals(feature_angle=40, split_vertices=True, consistent_normals=False)
                plotter.add_mesh(mesh, color=region.material.colour, smooth_shading=smooth, **look)
                edges = mesh.extract_feature_edges(35, non_manifold_edges=False)
                if edges.n_points and not smooth:
                    plotter.add_mesh(edges, color="#202020", line_width=1.5, lighting=False)
        centre = np.asarray(extent) / 2
        above = view == "top"
        away, up = ([0.0, 0.0, 1.0], [0, 1, 0]) if above else ([-0.75, -1.3, 0.85], [0, 0, 1])
        plotter.camera_position = [centre + away, centre, up]
        plotter.enable_parallel_projection()
        plotter.reset_camera()
        picture = plotter.screenshot(return_img=True)
    finally:
        plotter.close()
    return np.asarray(picture)


def _compose(
    picture: NDArray[np.uint8], cell: Cell, extent: tuple[float, ...], title: str, size: tuple[int, int], path: Path
) -> None:
    """The object, trimmed and enlarged to the room it has, with title, legend and extent beside it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    drawn = np.asarray((picture < 255).any(axis=2))
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if len(rows):
        picture = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    letter = max(5.0, size[0] / 110)
    figure.text(0.02, 0.965, title, fontsize=1.4 * letter, va="top", color="#202020")
    axes = figure.add_axes((LEGEND, 0.03, 0.98 - LEGEND, 0.87))
    axes.imshow(picture, interpolation="lanczos")
    axes.set_axis_off()
    patches = [
        Patch(facecolor=r.material.colour, edgecolor="#202020", linewidth=0.6, label=f"{r.name}\n{r.material.title}")
        for r in reversed(cell.regions)
    ]
    figure.legend(
        handles=patches, loc="upper left", bbox_to_anchor=(0.01, 0.89), frameon=False, fontsize=letter, labelspacing=0.9
    )
    x, y, z = extent[0], extent[1], cell.top
    figure.text(0.02, 0.03, f"drawn: {x:.4g} × {y:.4g} × {z:.4g} µm", fontsize=letter, color="#202020")
    figure.savefig(path, format="png", dpi=100)
