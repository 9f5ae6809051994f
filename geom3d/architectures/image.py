"""A tomogram: voxels of a user's own file as a web, smoothed so that areas are those of surfaces and not of staircases.

The chosen voxels are blurred by a Gaussian of about a voxel's width and turned into a distance: beside a flat wall the blurred
share of voxels is the normal distribution of the distance from it. Of that distance the level is cut which keeps the volume of
the voxels; a cubic spline carries it between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import scipy
from pydantic import Field

from geom3d.architectures import Size
from geom3d.architectures._images import ENDINGS, Spacing, Voxels, read
from geom3d.architectures._spline import Single, Spline, in_slabs
from geom3d.architectures._sponge import Stand, WebParameters, contoured, quadrature, sponge
from geom3d.architectures._structure import Quadrature, Structure
from geom3d.architectures._userfile import FileParameters
from geom3d.core.arrays import BoolArray, FloatArray, IntArray
from geom3d.core.errors import InputError
from geom3d.core.jit import compiled
from geom3d.mesh.bvh import threaded
from geom3d.mesh.components import component_numbers

#: Voxels that a thread takes at a time.
BATCH = 1 << 16
#: Blurred shares nearer to none or all than this tell no distance: 3.1 widths of the Gaussian.
FARTHEST = 1e-3
#: By how much of a voxel's longest edge the surface may be moved so as to keep the volume.
MOST_SHIFT = 0.5
#: Opposite sides match where they differ no more than this times what neighbouring layers differ at the most.
ALIKE = 1.5
#: Radius of curvature of a blurred surface, in voxels: struts as wide as twice their volume over their area have it, but
#: finer than voxels nothing is known, and a usual grid is to be no coarser than they are.
LEAST_RADIUS, MOST_RADIUS = 2.0, 5.0
#: Shares of web that are equal but for so much of them.
EVEN = 1e-6
#: Parts of the web that hang on nothing of which the places are named, at most.
NAMED = 3


class Parameters(FileParameters, WebParameters):
    """Parameters of a stack of voxels."""

    file: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1000,
            description="TIFF, NRRD or NPY (array[z, y, x], lowest layer first), or a folder of PNGs, seen from the template",
        ),
    ] = "particles.nrrd"
    voxel: Annotated[
        Size | tuple[Size, Size, Size] | None,
        Field(description="edge of a voxel, or its edges in x, y and z; the file's where left out"),
    ] = None
    threshold: Annotated[
        float | None,
        Field(description="grey value from which on a voxel is inside; not needed where the file has two values"),
    ] = None
    label: Annotated[
        int | tuple[int, ...] | None, Field(description="value or values of the voxels that are inside, instead")
    ] = None
    inside: Annotated[
        Literal["solid", "pore"], Field(description="solid: what is inside is the web; pore: the web is the rest")
    ] = "solid"
    sides: Annotated[
        Literal["match", "mirror", "blend"],
        Field(
            description="match: the file is one period; mirror: it goes on mirrored; blend: it runs into itself at its sides"
        ),
    ] = "mirror"
    overlap: Annotated[
        float, Field(ge=0.05, le=0.45, description="share of the file's width that blended sides have in common")
    ] = 0.2
    smoothing: Annotated[
        float, Field(ge=0.5, le=4, description="width (standard deviation) of the Gaussian, in voxels")
    ] = 1.0
    loose: Annotated[
        Literal["refuse", "keep", "drop"], Field(description="what is done with parts of the web that hang on nothing")
    ] = "refuse"


@dataclass(frozen=True)
class Web:
    """What became of the voxels.

    Attributes:
        shape: the function.
        size: the period in x and y, µm.
        height: µm.
        radius: smallest radius of curvature, µm.
        share: of the chosen voxels in all.
        shift: by which the surface was moved outward so that the web's volume is that of the voxels, µm.
    """

    shape: Spline
    size: tuple[float, float]
    height: float
    radius: float
    share: float
    shift: float


def build(parameters: Parameters) -> Structure:
    """The web on its plate."""
    web = _web(parameters)
    stand = Stand(parameters.base, parameters.backing, web.height)
    return sponge(stand, web.shape, web.size, web.radius, asked=web.share, percolates=False)


def closed_form(parameters: Parameters) -> Quadrature:
    """Volume by counting voxels, area by VTK."""
    web = _web(parameters)
    stand = Stand(parameters.base, parameters.backing, web.height)
    return quadrature(stand, web.shape, web.size, contoured(stand, web.shape, web.size, web.radius), web.share)


def _web(p: Parameters) -> Web:
    path = p.located(p.file, ENDINGS, folders=True)
    image = read(path)
    spacing = _spacing(p, image.spacing, path)
    chosen = _chosen(p, image.values)
    extent = [edge * count for edge, count in zip(spacing, chosen.shape[::-1], strict=True)]
    if max(extent) > 1e5:
        raise InputError(
            f"parameters.voxel: the image would be {max(extent):.4g} µm long, at most 100000 µm; got {spacing}"
        )
    if p.sides == "match":
        _require_match(chosen)
    chosen = _carried(p, chosen, spacing)
    mirrored = (p.sides == "mirror", p.sides == "mirror", True)
    blurs = tuple("wrap" if p.sides == "match" and axis else "reflect" for axis in range(3))
    blurred = chosen.astype(np.float32)
    for axis, mode in enumerate(blurs):
        blur = partial(scipy.ndimage.gaussian_filter1d, sigma=p.smoothing, axis=axis, mode=mode)
        blurred = in_slabs(blur, blurred, axis)
    share = float((_blended(chosen.astype(np.float32), p.overlap) if p.sides == "blend" else chosen).mean())
    # A wider Gaussian along longer voxels tells distances in units of its own; their mean is right for a surface of any
    # direction to within the ratio of the edges, and the zero surface does not depend on it.
    edge = float(np.prod(spacing)) ** (1 / 3)
    np.clip(blurred, FARTHEST, 1 - FARTHEST, out=blurred)
    distance = in_slabs(scipy.special.ndtri, blurred, 1)
    distance *= np.float32(-p.smoothing * edge)
    if p.sides == "blend":
        distance = _blended(distance, p.overlap)
    shift, area = _kept(distance, spacing, share, mirrored)
    longest = max(spacing)
    if abs(shift) > MOST_SHIFT * longest:
        raise InputError(
            f"parameters.smoothing: to keep the volume the surface would be moved by {shift:.3g} µm, more than half a "
            f"voxel ({longest:.3g} µm): parts are thinner than what a Gaussian of {p.smoothing:g} voxels leaves; take a "
            "smaller smoothing or a finer image"
        )
    counts = distance.shape[::-1]
    volume = math.prod(spacing) * distance.size
    radius = np.clip(2 * min(share, 1 - share) * volume / area, LEAST_RADIUS * min(spacing), MOST_RADIUS * min(spacing))
    shape = Spline.through(distance, spacing, mirrored, p.base_z)
    # One period of what is mirrored is the image and its mirror image.
    x, y, _ = (edge * n * (1 + mirror) for edge, n, mirror in zip(spacing, counts, mirrored, strict=True))
    return Web(replace(shape, level=shift), (x, y), spacing[2] * counts[2], float(radius), share, shift)


def _spacing(p: Parameters, known: Spacing | None, path: Path) -> Spacing:
    """Edges of a voxel in x, y and z, µm."""
    if p.voxel is None:
        if known is None:
            raise InputError(
                f"parameters.voxel: must be given, since {path.name} does not tell how long the edges of a voxel are; "
                'a length such as "0.1 um", or three of them in x, y and z'
            )
        return known
    x, y, z = p.voxel if isinstance(p.voxel, tuple) else (p.voxel,) * 3
    return x, y, z


def _chosen(p: Parameters, values: Voxels) -> BoolArray:
    """(nz, ny, nx) voxels of the web."""
    if p.threshold is not None and p.label is not None:
        raise InputError(f"parameters.label: give it or threshold, not both; got {p.label}")
    low, high = float(values.min()), float(values.max())
    if p.label is not None:
        labels = p.label if isinstance(p.label, tuple) else (p.label,)
        found = np.isin(values, labels)
        key, given = "label", f"{p.label}"
    elif p.threshold is not None:
        found = values >= p.threshold
        key, given = "threshold", f"{p.threshold:g}"
    elif bool(((values == low) | (values == high)).all()):
        found = values == high
        key, given = "file", repr(p.file)
    else:
        raise InputError(
            f"parameters.threshold: must be given (or label), since the voxels have more than two values, {low:g} to {high:g}"
        )
    share = float(found.mean())
    if not 0 < share < 1:
        what = "none" if share == 0 else "all"
        raise InputError(
            f"parameters.{key}: {what} of the voxels are inside (their values: {low:g} to {high:g}); got {given}"
        )
    return found if p.inside == "solid" else ~found


def _require_match(chosen: BoolArray) -> None:
    """Raises a clear error where opposite sides differ more than neighbouring layers within do."""
    for name, axis in (("x", 2), ("y", 1)):
        moved = np.moveaxis(chosen, axis, 0)
        within = max(float(np.mean(a != b)) for a, b in pairwise(moved))
        across = float(np.mean(moved[0] != moved[-1]))
        if across > ALIKE * within:
            raise InputError(
                f"parameters.sides: the sides in {name} do not match: {100 * across:.3g} % of the voxels facing each other "
                f"through the period differ, of neighbouring layers within at most {100 * within:.3g} %; "
                "valid: mirror, blend"
            )


def _carried(p: Parameters, chosen: BoolArray, spacing: Spacing) -> BoolArray:
    """The voxels of the web without what hangs on nothing, or an error that names it; voxels hang together by their faces."""
    if p.loose == "keep":
        return chosen
    number, count = scipy.ndimage.label(chosen)
    part = np.arange(count + 1)
    if p.sides == "match":
        links = [
            np.column_stack([a[both], b[both]])
            for a, b in ((number[:, 0], number[:, -1]), (number[:, :, 0], number[:, :, -1]))
            for both in [(a > 0) & (b > 0)]
        ]
        part = component_numbers(count + 1, np.concatenate(links).astype(np.int64))
    holds = np.zeros(count + 1, dtype=bool)
    holds[part[np.unique(number[0])]] = True
    if p.sides == "blend":  # what meets a side goes on where sides are blended
        for side in (number[:, 0], number[:, -1], number[:, :, 0], number[:, :, -1]):
            holds[part[np.unique(side)]] = True
    hangs = ~holds[part]
    hangs[0] = False
    if not hangs.any():
        return chosen
    if p.loose == "drop":
        kept: BoolArray = chosen & ~hangs[number]
        if not kept.any():
            raise InputError("parameters.loose: no part of the web meets its foot: nothing would be left; valid: keep")
        return kept
    sizes = np.where(hangs, np.bincount(number.ravel(), minlength=count + 1), 0)
    whole = np.bincount(part, weights=sizes).astype(np.int64)
    largest = [int(each) for each in np.argsort(whole)[::-1][:NAMED] if whole[each]]
    boxes = scipy.ndimage.find_objects(number)
    places = []
    for each in largest:
        box = boxes[int(np.flatnonzero((part == each) & hangs)[0]) - 1]
        z, y, x = (edge * (along.start + along.stop) / 2 for edge, along in zip(reversed(spacing), box, strict=True))
        places.append(f"{whole[each]:,} voxels around x, y, z = {x:.4g}, {y:.4g}, {z:.4g} µm")
    more = int(np.count_nonzero(whole)) - len(places)
    rest = f" and {more:,} more" if more else ""
    raise InputError(
        f"parameters.loose: parts of the web hang on nothing: {'; '.join(places)}{rest} (heights above the lowest layer); "
        "valid: keep, drop"
    )


def _blended(values: Single, overlap: float) -> Single:
    """Values that run into themselves at their sides: where both overlap, the one goes over into the other."""
    for axis in (1, 2):
        values = np.moveaxis(values, axis, 0)
        width = max(1, round(overlap * len(values)))
        share = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width)
        share = (share * share * (3 - 2 * share)).reshape(-1, 1, 1)
        start, end = values[:width], values[len(values) - width :]
        values = np.concatenate([share * start + (1 - share) * end, values[width : len(values) - width]])
        values = np.moveaxis(values, 0, axis)
    return np.ascontiguousarray(values)


def _kept(distance: Single, spacing: Spacing, share: float, mirrored: tuple[bool, bool, bool]) -> tuple[float, float]:
    """How far the surface must be moved outward so that a share of the box is inside, and its area there, µm and µm².

    Near the surface a voxel is inside by the share that lies below the level, if the distance is linear in it: the variance
    of its values in the voxel is that of three even ones added up.
    """
    reach = 3 * max(spacing)
    near = np.flatnonzero(np.abs(distance.ravel()) < reach)
    inner = int(np.count_nonzero(distance <= -reach))
    here = distance.ravel()[near].astype(np.float64)
    width, slope = np.empty(len(near)), np.empty(len(near))

    def work(start: int) -> int:
        part = slice(start, start + BATCH)
        _steepness(distance, near[part], spacing, mirrored, width[part], slope[part])
        return len(near[part])

    for _ in threaded(work, range(0, len(near), BATCH)):
        pass
    filled = np.empty(len(near))

    def miss(level: float, wanted: float) -> float:
        np.subtract(level, here, out=filled)
        np.divide(filled, width, out=filled)
        np.add(filled, 0.5, out=filled)
        np.clip(filled, 0.0, 1.0, out=filled)
        return (inner + float(filled.sum())) / distance.size - wanted

    # Where walls lie along the voxels, all levels between two layers leave the same share: the middle one is meant.
    ends = share * (1 - EVEN), min(share * (1 + EVEN), 1 - 1e-12)
    if not (miss(-reach, ends[0]) < 0 < miss(reach, ends[1])):
        raise InputError("parameters.smoothing: nothing of the web is left, or no pore; take a smaller smoothing")
    level = sum(float(scipy.optimize.brentq(miss, -reach, reach, args=(end,), xtol=1e-9 * reach)) for end in ends) / 2
    edge = max(spacing)
    beside = np.abs(here - level) < edge
    area = float(np.sum(slope[beside])) / (2 * edge) * math.prod(spacing)
    return level, area


@compiled
def _steepness(
    distance: Single,
    near: IntArray,
    spacing: tuple[float, float, float],
    mirrored: tuple[bool, bool, bool],
    width: FloatArray,
    slope: FloatArray,
) -> None:
    """Fills in by how much a distance varies within the voxels whose numbers are given, and its slope there."""
    counts, flat = distance.shape, distance.ravel()
    strides = counts[1] * counts[2], counts[2], 1
    for n in range(len(near)):
        squares, slopes = 0.0, 0.0
        for axis in range(3):
            at = near[n] // strides[axis] % counts[axis]
            low, high = at - 1, at + 1
            if mirrored[2 - axis]:
                low, high = max(low, 0), min(high, counts[axis] - 1)
            else:
                low, high = low % counts[axis], high % counts[axis]
            start = near[n] - at * strides[axis]
            rise = (np.float64(flat[start + high * strides[axis]]) - np.float64(flat[start + low * strides[axis]])) / 2
            squares += rise * rise
            slopes += (rise / spacing[2 - axis]) ** 2
        width[n], slope[n] = math.sqrt(max(squares, 1e-12)), math.sqrt(slopes)
