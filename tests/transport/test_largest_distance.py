"""The largest distance, against closed forms and against points without number."""

from __future__ import annotations

import math

import pytest

import geom3d


def largest(design) -> tuple[float, float]:
    report = design.measure()
    return tuple(report[f"inter_electrode_distance_um.{side}.max"] for side in ("anode", "cathode"))


def coated(architecture: str, film: float, **parameters):
    return geom3d.design(
        {
            "architecture": architecture,
            "parameters": parameters,
            "materials": {"scaffold": {"material": "silicon", "role": "anode"}},
            "layers": [
                {"name": "electrolyte", "role": "electrolyte", "material": "lipon", "thickness": film},
                {"name": "cathode", "role": "cathode", "material": "licoo2", "fill_to": 5.0},
            ],
        }
    )


@pytest.mark.parametrize("film", [0.01, 0.5])
def test_a_square_rim_is_the_diagonal_however_small_its_share_of_the_surface(film):
    """The film lies over a rim as a square of its thickness: √2 t, on a line that no sample need meet."""
    for found in largest(coated("trenches", film, pitch=8, width=5, depth=50)):
        assert found == pytest.approx(math.sqrt(2) * film, rel=1e-6)
