"""Shots of a scene: one picture on its page, or many while the camera goes around."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from geom3d.evaluation import Evaluation
from geom3d.rendering.page import ALL, Page, Words, compose
from geom3d.rendering.views import Scene
from geom3d.scene.details import Window, windows
from geom3d.scene.stage import Frame, Image, framed, framed_all_round, photograph, plotter, soften, turn_lights

#: A film that is thinner in the picture gets an inset, pixels.
THIN = 3.0


def shot(
    design: Evaluation, shown: Scene, size: tuple[int, int], *, transparent: bool = False, words: Words = ALL
) -> Image:
    """The page with a picture of a scene, (h, w, 3 or 4)."""
    page = page_of(design, shown, size, words)
    frame = framed(shown.points, shown.camera, page.panel[2:])
    with staged(design, shown, frame) as stage:
        picture = photograph(stage, frame, transparent=transparent)
    return laid_out(design, shown, page, frame, picture, marked=shown.marked, transparent=transparent)


def panel(design: Evaluation, shown: Scene, size: tuple[int, int]) -> tuple[Image, float]:
    """A picture of a scene without a page, and what one of its pixels shows, µm."""
    frame = framed(shown.points, shown.camera, size)
    with staged(design, shown, frame) as stage:
        return photograph(stage, frame), frame.step


def turning(design: Evaluation, shown: Scene, size: tuple[int, int], count: int, words: Words = ALL) -> Iterator[Image]:
    """Pages with pictures of a scene from all around, (h, w, 3) each."""
    page = page_of(design, shown, size, words)
    frame = framed_all_round(shown.points, shown.camera, page.panel[2:])
    with staged(design, shown, frame) as stage:
        blank = laid_out(design, shown, page, frame, photograph(stage, frame), marked=False)
        left, bottom, wide, high = page.panel
        top = size[1] - bottom - high
        for k in range(count):
            angle = 2 * math.pi * k / count
            turn_lights(stage, angle)
            found = blank.copy()
            turned = Frame(shown.camera.turned(angle), frame.centre, frame.size, frame.step)
            found[top : top + high, left : left + wide] = photograph(stage, turned)
            yield found


def page_of(design: Evaluation, shown: Scene, size: tuple[int, int], words: Words = ALL) -> Page:
    """The page for a scene."""
    x, y, z = shown.extent
    regions = [design.cell().regions[label] for label in reversed(shown.drawn)]
    note = f"drawn: {x:.4g} × {y:.4g} × {z:.4g} µm" + (f"; {shown.remark}" if shown.remark else "")
    shades = [shown.paints[label].opacity for label in reversed(shown.drawn)]
    return Page(size, design.description.title, regions, note, words, shades)


@contextmanager
def staged(design: Evaluation, shown: Scene, frame: Frame) -> Iterator[Any]:
    """A stage off screen that holds a scene, ready to be photographed."""
    import pyvista

    # Without a screen VTK says so on stderr, and draws nevertheless.
    with pyvista.vtk_verbosity("off"):
        curved = design.cell().family.is_sampled
        options = {"off_screen": True, "window_size": list(frame.size)}
        stage = plotter(shown.bodies, shown.paints, shown.scale, curved=curved, **options)
        try:
            if any(paint.opacity < 1 for paint in shown.paints):
                stage.enable_depth_peeling(8)
                stage.enable_anti_aliasing("ssaa")  # shadows in corners would darken all that is seen through
            else:
                soften(stage, frame)
            yield stage
        finally:
            stage.close()


def laid_out(
    design: Evaluation,
    shown: Scene,
    page: Page,
    frame: Frame,
    picture: Image,
    *,
    marked: bool,
    transparent: bool = False,
) -> Image:
    """A picture on its page, with insets of films that are too thin to be seen."""
    # A window whose place the picture does not show would say nothing of where it is.
    found = [] if shown.quantity or not shown.marked else magnified(design, shown, frame, page)
    colours = {k: region.material.colour for k, region in enumerate(design.cell().regions)}
    return compose(
        page, picture, frame, windows=found, colours=colours, marked=marked, quantity=shown.quantity, scale=shown.scale,
        transparent=transparent,
    )  # fmt: skip


def magnified(design: Evaluation, shown: Scene, frame: Frame, page: Page) -> list[Window]:
    """Windows on the films that are too thin to be seen in the picture."""
    cell = design.cell()
    films = {cell.names.index(name): thickness for name, thickness in cell.films.items()}
    thin = {label: thickness for label, thickness in films.items() if thickness / frame.step < THIN}
    places = page.insets(1)
    found: list[Window] = []
    for face in shown.faces:
        left = {k: t for k, t in thin.items() if not any(k in w.face.clipped(w.low, w.high).shapes for w in found)}
        if left and places and len(found) < 2:
            found += windows(face, left, places[0][2], most=2 - len(found))
    return found
