"""What a prompt shows of an object: one short line, no arrays."""

from __future__ import annotations

import geom3d


def test_what_a_prompt_shows_is_one_short_line():
    design = geom3d.load("trenches-notten-2007")
    walls, mesh = design.walls(), design.mesh()
    things = (design, walls, mesh, design.transport(), design.measure())
    for thing in things:
        text = repr(thing)
        assert len(text) < 200, text
        assert "\n" not in text
        assert "array" not in text
        assert text.startswith(f"<{type(thing).__name__} ")
    assert design.description.title in repr(design)
    assert f"{len(walls.triangles)} triangles" in repr(walls)
    assert f"{len(mesh.tetrahedra)} tetrahedra" in repr(mesh)
    assert f"{design.transport().resistance:.4g} Ω·cm²" in repr(design.transport())
