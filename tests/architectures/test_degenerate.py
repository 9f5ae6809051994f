"""Lengths that are next to nothing, or next to each other: a checked cell, or one clear message; never anything else."""

from __future__ import annotations

import pytest

import geom3d

#: Of each architecture two lengths of which the first has to fit into the second, and what stays as it is when both are large.
RELATIONS = [
    ("honeycomb", "wall", "pitch"),
    ("pillars", "diameter", "pitch"),
    ("pores", "diameter", "pitch"),
    ("trenches", "width", "pitch"),
    ("tubes", "inner_diameter", "outer_diameter"),
    ("interdigitated_pillars", "anode_diameter", "pitch"),
    ("interdigitated_plates", "gap", "anode_width"),
]
KEPT = {"base", "plate", "backing", "depth"}
#: Relative differences, and the size of the larger length, µm; the ends of the ranges among them.
SHARES, SIZES = (1e-6, 1e-9, 1e-12), (10.0, 31415.9, 1e5)


def cases(architecture: str, key: str, whole: str):
    """Forty designs in which the one is a trifle, or the whole but for a trifle, or that much more."""
    usual = geom3d.design({"architecture": architecture}).template.parameters.model_dump()
    for size in SIZES:
        factor = size / usual[whole]
        sized = {
            name: value * factor if isinstance(value, float) and name not in KEPT else value
            for name, value in usual.items()
        }
        absolute = [1e-4, 1e-3, 1e-2, size - 1e-4, size - 1e-3]
        relative = [side for share in SHARES for side in (size * share, size * (1 - share), size * (1 + share))]
        for value in [*absolute, *relative][: 14 if size != SIZES[-1] else 12]:
            yield {**sized, key: value}


@pytest.mark.parametrize(
    ("architecture", "key", "whole"),
    [
        pytest.param(*case, marks=[] if case[0] == "honeycomb" else pytest.mark.slow, id="-".join(case[:2]))
        for case in RELATIONS
    ],
)
def test_a_trifle_is_a_cell_or_a_message(architecture, key, whole):
    cells, said = 0, []
    for parameters in cases(architecture, key, whole):
        try:
            report = geom3d.design({"architecture": architecture, "parameters": parameters}).measure()
        except geom3d.InputError as error:
            said.append(str(error))
            continue
        assert min(report["thickness_equivalent_um"].values()) >= 0
        cells += 1
    assert cells + len(said) == 40
    assert cells >= 3
    assert len(said) >= 3
    assert all(text.startswith("parameters.") and len(text) < 300 for text in said)
