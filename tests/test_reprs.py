"""What a prompt shows of an object: one short line, no arrays."""

from __future__ import annotations

import geom3d


def test_what_a_prompt_shows_is_one_short_line():
    design = geom3d.load("trenches-notten-2007")
    walls, mesh = design.walls(), design.mesh()
    cell, checked = design.cell(), design.check("sputter")
    things = (design, walls, mesh, design.transport(), design.measure(), cell, *cell.regions, design.sample)
    things = (*things, checked, design.check_all(), design._measures.undersides)
    for thing in things:
        text = repr(thing)
        assert len(text) < 200, text
        assert "\n" not in text
        assert "array" not in text
        assert text.startswith(f"<{type(thing).__name__}")
    assert design.description.title in repr(design)
    assert f"{len(walls.triangles)} triangles" in repr(walls)
    assert repr(cell).endswith("cathode collector>")
    assert "0.5 µm thick" in repr(cell.regions[cell.names.index("electrolyte")])
    assert repr(checked).endswith(f"sputter at scale 1: {checked.status}>")
    assert f"{len(mesh.tetrahedra)} tetrahedra" in repr(mesh)
    assert f"{design.transport().resistance:.4g} Ω·cm²" in repr(design.transport())
