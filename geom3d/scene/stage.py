"""The stage: bodies in parallel projection, with light, edges and soft shadows, drawn off screen by PyVista."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.colours import INK, PAPER, SCALE
from geom3d.core.errors import OutputError
from geom3d.scene.bodies import Body

Image = NDArray[np.uint8]

#: Draws a red square, and looks whether it is red. With no more of VTK than that takes: each command that draws waits for it.
_PROBE = """
import sys
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow, vtkWindowToImageFilter
window, renderer, picture = vtkRenderWindow(), vtkRenderer(), vtkWindowToImageFilter()
window.SetOffScreenRendering(True)
window.SetSize(8, 8)
renderer.SetBackground(1, 0, 0)
window.AddRenderer(renderer)
window.Render()
picture.SetInput(window)
picture.Update()
sys.exit([picture.GetOutput().GetScalarComponentAsFloat(4, 4, 0, k) for k in range(3)] != [255, 0, 0])
"""

#: What is said where nothing can be drawn.
NO_OPENGL = (
    "this machine has no OpenGL for off-screen drawing; "
    "on Debian or Ubuntu install the packages libegl1 and libgl1-mesa-dri"
)
#: Edges sharper than this are drawn, degrees.
SHARP = 35.0
#: Points nearer than this share of a body's size are one.
WELD = 1e-9
#: Directions from which light comes, and how strong it is: what faces the viewer shows the colours of the legend.
LIGHTS = (((-0.3, -1.0, 0.35), 0.48), ((-1.0, 0.1, 0.35), 0.3), ((0.0, 0.0, 1.0), 0.3))
AMBIENT, DIFFUSE = 0.55, 0.9
#: Colours that stand for numbers are hardly shaded.
EVEN = {"ambient": 0.85, "diffuse": 0.3}
#: Share of the picture left free around the object.
MARGIN = 0.02


@cache
def has_opengl() -> bool:
    """Whether this machine can draw; asked once, in a child process, since VTK dies of a segmentation fault where it
    cannot.
    """
    probe = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, check=False)  # noqa: S603
    return probe.returncode == 0


def require_opengl() -> None:
    """Nothing is drawn on a machine that cannot.

    Raises:
        OutputError: saying what is missing.
    """
    if not has_opengl():
        raise OutputError(f"no picture: {NO_OPENGL}")


@dataclass(frozen=True)
class Camera:
    """A parallel projection.

    Attributes:
        eye: direction from the object to the viewer.
        up: direction that points up in the picture.
    """

    eye: tuple[float, float, float]
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)

    @property
    def axes(self) -> FloatArray:
        """(3, 3) unit vectors to the right, up, and towards the viewer."""
        back = np.asarray(self.eye) / np.linalg.norm(self.eye)
        right = np.cross(self.up, back)
        right /= np.linalg.norm(right)
        return np.array([right, np.cross(back, right), back])

    @classmethod
    def at(cls, azimuth: float, elevation: float) -> Camera:
        """The camera so far to the right of the front and above the horizon, degrees.

        >>> [abs(round(k, 3)) for k in Camera.at(90, 0).eye]
        [1.0, 0.0, 0.0]
        """
        turn, rise = math.radians(azimuth), math.radians(elevation)
        return cls((math.sin(turn) * math.cos(rise), -math.cos(turn) * math.cos(rise), math.sin(rise)))

    def turned(self, angle: float) -> Camera:
        """The camera moved around the z axis, radians."""
        x, y, z = self.eye
        c, s = math.cos(angle), math.sin(angle)
        return Camera((c * x - s * y, s * x + c * y, z), self.up)


#: From above and aside.
OBLIQUE = Camera((-0.75, -1.3, 0.85))


@dataclass(frozen=True)
class Frame:
    """Where the camera stands, and how large a micrometre is.

    Attributes:
        camera: the projection.
        centre: (3,) the point in the middle of the picture, µm.
        size: width and height of the picture, pixels.
        step: length in the plane of the picture that one pixel shows, µm.
    """

    camera: Camera
    centre: FloatArray
    size: tuple[int, int]
    step: float

    def pixels(self, points: FloatArray) -> FloatArray:
        """(n, 2) where (n, 3) points appear, from the picture's lower left corner."""
        flat = (points - self.centre) @ self.camera.axes[:2].T
        return np.asarray(flat / self.step + np.array(self.size) / 2)


def framed(points: FloatArray, camera: Camera, size: tuple[int, int]) -> Frame:
    """The frame in which (n, 3) points just fit into a picture."""
    axes = camera.axes
    flat = points @ axes.T
    low, high = flat.min(axis=0), flat.max(axis=0)
    room = np.array(size) * (1 - 2 * MARGIN)
    step = float(((high - low)[:2] / room).max())
    return Frame(camera, (low + high) / 2 @ axes, size, step)


def framed_all_round(points: FloatArray, camera: Camera, size: tuple[int, int]) -> Frame:
    """The frame into which points fit however they are turned about their middle's vertical axis."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2
    reach = float(np.hypot(*(points - centre)[:, :2].T).max())
    turn = np.linspace(0, 2 * math.pi, 73)[:, None, None]
    rim = np.concatenate([reach * np.cos(turn), reach * np.sin(turn), np.zeros_like(turn)], axis=2)
    around = (rim + np.array([[0, 0, low[2]], [0, 0, high[2]]]) + [*centre[:2], 0.0]).reshape(-1, 3)
    return framed(around, camera, size)


@dataclass(frozen=True)
class Paint:
    """How a body looks.

    Attributes:
        colour: `#rrggbb`.
        opacity: 1 where nothing shines through.
        values: (T,) numbers on the body's triangles, shown as colours; nan where `colour` stands. None for none.
    """

    colour: str
    opacity: float = 1.0
    values: FloatArray | None = None


@dataclass(frozen=True)
class Scale:
    """How numbers become colours.

    Attributes:
        low, high: the ends.
        colours: name of a colour map.
    """

    low: float
    high: float
    colours: str = SCALE


def plotter(
    bodies: Sequence[Body], paints: Sequence[Paint], scale: Scale | None = None, *, curved: bool = False, **options: Any
) -> Any:
    """A PyVista plotter that holds the bodies in parallel projection.

    Args:
        bodies: what is there.
        paints: one per body.
        scale: for bodies with numbers.
        curved: whether the bodies have curved faces, which are shaded evenly and have no edges.
        options: of `pyvista.Plotter`.
    """
    import pyvista

    # PyVista's own hints reject calls that its documentation shows.
    stage: Any = pyvista.Plotter(lighting="none", **options)
    stage.set_background(PAPER)
    for _, strength in LIGHTS:
        light = pyvista.Light(focal_point=(0, 0, 0), intensity=strength, light_type="scene light")
        light.positional = False
        stage.add_light(light)
    turn_lights(stage, 0.0)
    for body, paint in zip(bodies, paints, strict=True):
        if len(body.triangles):
            _add(stage, body, paint, scale, curved)
    stage.enable_parallel_projection()
    return stage


def turn_lights(stage: Any, angle: float) -> None:
    """Turns the lights around the z axis with the viewer, radians."""
    for light, (direction, _) in zip(stage.renderer.lights, LIGHTS, strict=True):
        light.position = Camera(direction).turned(angle).eye


def _add(stage: Any, body: Body, paint: Paint, scale: Scale | None, curved: bool) -> None:
    look: dict[str, Any] = {"ambient": AMBIENT, "diffuse": DIFFUSE, "opacity": paint.opacity}
    # Of a sampled cell flat faces are outlined and curved ones shaded evenly; others have no curved faces.
    smooth = np.full(len(body.triangles), curved)
    if curved:
        a, b, c = (body.vertices[corner] for corner in body.triangles.T)
        for same in ((a == b) & (b == c)).T:
            smooth &= ~same
    known = np.zeros(len(smooth), dtype=bool) if paint.values is None else np.isfinite(paint.values)
    for part, even in ((smooth, True), (~smooth, False)):
        for numbered in (False, True):
            chosen = part & (known == numbered)
            if not chosen.any():
                continue
            mesh = _mesh(body, chosen)
            if numbered and paint.values is not None and scale is not None:
                mesh.cell_data["value"] = paint.values[chosen]
                colouring = {"scalars": "value", "cmap": scale.colours, "clim": (scale.low, scale.high)}
                stage.add_mesh(mesh, show_scalar_bar=False, **colouring, **{**look, **EVEN})
            elif even:
                normal = _welded(mesh).compute_normals(feature_angle=40, split_vertices=True, consistent_normals=False)
                stage.add_mesh(normal, color=paint.colour, smooth_shading=True, **look)
            else:
                stage.add_mesh(mesh, color=paint.colour, **look)
    _add_edges(stage, body, ~smooth, 1.5 if paint.opacity == 1 else 0.75)


def _add_edges(stage: Any, body: Body, flat: BoolArray, width: float) -> None:
    """The outlines of flat faces, the sharp edges between them, and where curved faces turn away from the viewer."""
    import pyvista

    drawn_on = body.source >= 0
    whole = _welded(_mesh(body, drawn_on))
    surface = whole if flat[drawn_on].all() else _welded(_mesh(body, flat & drawn_on))
    edges = surface.extract_feature_edges(SHARP, non_manifold_edges=False)
    drawn = [edges] if edges.n_points else []
    drawn += [pyvista.lines_from_points(line) for line in body.outlines]
    for lines in drawn:
        stage.add_mesh(lines, color=INK, line_width=width, lighting=False)
    if whole.n_cells:
        stage.add_silhouette(whole, color=INK, line_width=width, feature_angle=None)


def _welded(mesh: Any) -> Any:
    """The same with one point at each place, so that what follows knows neighbours."""
    import pyvista
    from vtkmodules.vtkFiltersCore import vtkStaticCleanPolyData

    # A fifth of the time that PyVista's own `clean` takes with a tolerance.
    weld = vtkStaticCleanPolyData()
    weld.SetInputData(mesh)
    weld.SetTolerance(WELD)
    weld.Update()
    return pyvista.wrap(weld.GetOutput())


def _mesh(body: Body, chosen: BoolArray | IntArray) -> Any:
    import pyvista

    return cast("Any", pyvista.PolyData).from_regular_faces(body.vertices, body.triangles[chosen])


def soften(stage: Any, frame: Frame) -> None:
    """Smooth edges, and soft shadows in corners."""
    reach = frame.step * min(frame.size)
    stage.enable_anti_aliasing("ssaa")
    # Few samples do: each pixel is the mean of sixteen finer ones, which all have theirs.
    stage.enable_ssao(radius=reach / 24, bias=reach / 400, kernel_size=32, blur=True)


def photograph(stage: Any, frame: Frame, *, transparent: bool = False) -> Image:
    """(h, w, 3) what the camera sees, or (h, w, 4) with opacity."""
    reach = frame.step * max(frame.size) * 4
    # By VTK's own names: PyVista's look for the bounds of all that is there at each of these.
    camera, stage.camera_set = stage.renderer.camera, True
    camera.SetFocalPoint(*frame.centre)
    camera.SetPosition(*(frame.centre + reach * frame.camera.axes[2]))
    camera.SetViewUp(*frame.camera.axes[1])
    camera.SetParallelScale(frame.step * frame.size[1] / 2)
    stage.reset_camera_clipping_range()
    stage.render()  # does nothing before the first screenshot, which renders by itself
    return np.asarray(stage.screenshot(return_img=True, transparent_background=transparent), dtype=np.uint8)
