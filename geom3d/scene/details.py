"""Where to look closely: small windows on a cut face in which thin films and their neighbours are seen together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geom3d.core.arrays import FloatArray
from geom3d.scene.faces import Face, rings

#: Places that are tried, at most.
TRIED = 120
#: Share of a window that a region must fill to be seen in it.
SEEN = 2e-3
#: A window is so many times as wide as all films together, where that leaves the thinnest wide enough.
AROUND = 1.8
#: The middles of two windows lie so many times their mean width apart, or more, where there is such a place.
CLEAR = 3.0


@dataclass(frozen=True)
class Window:
    """A square on a face.

    Attributes:
        face: what is seen in it.
        low: its lower left corner, µm.
        width: µm.
    """

    face: Face
    low: tuple[float, float]
    width: float

    @property
    def high(self) -> tuple[float, float]:
        """Its upper right corner, µm."""
        return self.low[0] + self.width, self.low[1] + self.width

    def near(self, other: Window) -> bool:
        """Whether another window lies so near that their frames and letters would cover each other."""
        apart = CLEAR * (self.width + other.width) / 2
        middles = np.abs(np.add(self.low, self.high) - np.add(other.low, other.high)) / 2
        return bool((middles < apart).all())

    @property
    def corners(self) -> FloatArray:
        """(4, 3) corners in space, µm."""
        (u, v), (x, y) = self.low, self.high
        return self.face.lifted(np.array([[u, v], [x, v], [x, y], [u, y]]))


def windows(
    face: Face, films: Mapping[int, float], pixels: float, *, least: float = 4.0, most: int = 2
) -> list[Window]:
    """Windows in which thin films are seen.

    Args:
        face: of a cut.
        films: thickness of thin films by label, µm.
        pixels: width of a window in the picture.
        least: pixels that the thinnest film shall take there.
        most: how many windows there may be.
    """
    left = {label: thickness for label, thickness in films.items() if label in face.shapes}
    found: list[Window] = []
    while left and len(found) < most:
        thinnest = min(left.values())
        around = AROUND * sum(t for t in films.values() if t < 100 * thinnest)
        low_u, low_v, high_u, high_v = face.bounds
        width = max(min(around, thinnest * pixels / least), 4 * thinnest)
        width = min(width, high_u - low_u, high_v - low_v)
        best = _best(face, left, width, found)
        if best is None:
            break
        window, seen = best
        found.append(window)
        left = {label: thickness for label, thickness in left.items() if label not in seen}
    return found


def _best(
    face: Face, films: Mapping[int, float], width: float, others: Sequence[Window]
) -> tuple[Window, set[int]] | None:
    """The window that shows most films, lies clear of others, then shows most regions, with the fewest corners, nearest the middle."""
    best: tuple[tuple[float, ...], Window, set[int]] | None = None
    middle = np.array(face.bounds).reshape(2, 2).mean(axis=0)
    for place in _places(face, films).tolist():
        window = Window(face, _within(face, place, width), width)
        labels = list(face.shapes)
        parts = shapely.clip_by_rect(
            np.array([face.shapes[k] for k in labels], dtype=object), *window.low, *window.high
        )
        shares = shapely.area(parts) / width**2
        seen = {label for label, share in zip(labels, shares.tolist(), strict=True) if share > SEEN}
        found = seen & set(films)
        off = np.abs(np.array(place) - middle).sum()
        clear = not any(window.near(other) for other in others)
        rank = (len(found), clear, len(seen), -float(shapely.get_num_coordinates(parts).sum()), -float(off))
        if found and (best is None or rank > best[0]):
            best = rank, window, found
    return None if best is None else best[1:]


def _places(face: Face, films: Mapping[int, float]) -> FloatArray:
    """(n, 2) points on the outlines of films: their corners, and the middles of their sides."""
    lines = [ring for label in films for ring in rings(face.shapes[label])]
    points = np.concatenate([np.concatenate([line[:-1], (line[1:] + line[:-1]) / 2]) for line in lines])
    return np.asarray(points[np.unique(np.linspace(0, len(points) - 1, TRIED).astype(int))])


def _within(face: Face, place: tuple[float, float], width: float) -> tuple[float, float]:
    """The lower left corner of a window about a place, moved so far that it does not leave the face."""
    low_u, low_v, high_u, high_v = face.bounds
    u, v = (at - width / 2 for at in place)
    return min(max(u, low_u), high_u - width), min(max(v, low_v), high_v - width)
