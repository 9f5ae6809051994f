"""What a cell knows of itself: what is its architecture's own, what is coat or fill, and what the battery is called."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import geom3d
from geom3d.cell.template import shipped


@pytest.mark.parametrize("name", shipped())
def test_cells_carry_what_the_template_says(name):
    design = geom3d.load(name)
    cell, template = design.cell(), design.template
    # An uneven film carries its thickness on the flat top, and its table.
    thick = {layer.name: on_top(layer.thickness) for layer in template.layers}
    assert [(r.name, r.role, r.thickness, r.fill_to) for r in cell.layers] == [
        (layer.name, layer.role, thick[layer.name], layer.fill_to) for layer in template.layers
    ]
    assert cell.films == {name: thickness for name, thickness in thick.items() if thickness is not None}
    assert all(
        (r.film is None) == isinstance(layer.thickness, float | None) or r.coverage
        for r, layer in zip(cell.layers, template.layers, strict=True)
    )
    own = [region for region in cell.regions if region.own]
    assert {*cell.facts.scaffold, *(n for n, _ in cell.facts.below)} <= {region.name for region in own}
    for region in own:
        choice = template.materials.get(region.name)
        assert region.role is (region.usual if choice is None or choice.role is None else choice.role)
    assert (cell.chord_tolerance, cell.grid_step) == (template.tolerance, template.resolution)
    about = cell.description
    for key in ("name", "title", "source", "note", "architecture", "repeat", "capacity_basis", "device", "published"):
        assert getattr(about, key) == getattr(template, key)
    assert about.lengths == template.parameters.model_dump()
    assert about.settings == template.model_dump(mode="json")


def on_top(thickness):
    """On the flat top, of a film that may be uneven."""
    return thickness[0][1] if isinstance(thickness, tuple) else getattr(thickness, "top", thickness)


def test_a_cell_is_handed_to_another_process_whole():
    cell = geom3d.load("pillars-coated").cell()
    again = pickle.loads(pickle.dumps(cell))  # noqa: S301
    assert again.description == cell.description
    assert again.regions[1].thickness == cell.regions[1].thickness
    points = np.random.default_rng(1).uniform(0, cell.size, (200, 3))
    assert (again.locate(points) == cell.locate(points)).all()


def test_overrides_are_named_without_flags():
    for path in ("foo.bar", "layers.nothing.thickness", "layers.anode", "a..b"):
        with pytest.raises(geom3d.InputError) as caught:
            geom3d.load("pillars-coated", {path: 1})
        assert "--" not in str(caught.value)
        assert path in str(caught.value)


def test_what_cannot_be_built_is_told_when_it_is_loaded():
    with pytest.raises(geom3d.InputError, match=r"^pillars-coated: layers.electrolyte.thickness: coats of .* close"):
        geom3d.load("pillars-coated", {"layers.electrolyte.thickness": 50})
