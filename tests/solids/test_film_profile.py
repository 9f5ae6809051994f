"""Thickness against depth."""

from __future__ import annotations

import numpy as np
import pytest

from geom3d.solids.film_profile import FilmProfile, film, total


def test_a_film_is_linear_between_its_depths_and_even_beyond_them() -> None:
    put = FilmProfile((10.0, 30.0), (0.09, 0.07), floor_thickness=0.06)
    assert put.at(np.array([-5.0, 10.0, 20.0, 30.0, 50.0])) == pytest.approx([0.09, 0.09, 0.08, 0.07, 0.07])
    assert (put.top, put.floor, put.thickest, put.thinnest) == (0.09, 0.06, 0.09, 0.06)
    assert not put.is_even
    assert film(0.5).is_even


def test_films_add_depth_by_depth() -> None:
    one, other = FilmProfile((0.0, 50.0), (1.0, 0.5), 0.4), FilmProfile((20.0, 40.0), (0.2, 0.1))
    both = total([one, other, FilmProfile.even(0.3)])
    depths = np.linspace(-1, 60, 62)
    assert both.at(depths) == pytest.approx(one.at(depths) + other.at(depths) + 0.3)
    assert both.floor == pytest.approx(0.4 + 0.1 + 0.3)
    assert total([film(0.1), film(0.2)]) == film(0.1 + 0.2)


@pytest.mark.parametrize(
    ("depths", "thicknesses"),
    [((), ()), ((0.0, 1.0), (1.0,)), ((1.0, 1.0), (1.0, 2.0)), ((-1.0,), (1.0,)), ((0.0,), (-1.0,))],
)
def test_what_is_no_table_is_refused(depths: tuple[float, ...], thicknesses: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"depths|negative"):
        FilmProfile(depths, thicknesses)
