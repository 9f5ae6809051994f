"""All that is asked of a design is built once, whoever asks; and asking changes nothing."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import FrozenInstanceError

import pytest

import geom3d
from geom3d import api, architectures, evaluation, metrics
from geom3d.exports import Options
from geom3d.mesh.bvh import Nearest
from geom3d.metrics import Measured, Metric, Sample, transport
from geom3d.rendering.section import drawing
from geom3d.transport import electrons, prisms
from geom3d.transport.distance import Electrodes
from geom3d.verification.comparison import verify


@pytest.fixture
def counts(monkeypatch):
    """How often structures, cells, walls, distance trees, surfaces of electrodes and conduction are made."""
    found = Counter()

    def watch(owner, name, key):
        made = getattr(owner, name)

        def counted(*arguments, **options):
            found[key] += 1
            return made(*arguments, **options)

        monkeypatch.setattr(owner, name, counted)

    for name in ("pillars", "tpms"):
        watch(architectures.get(name), "build", "structures")
    watch(api, "assemble", "cells")
    watch(geom3d.Cell, "walls", "walls")
    watch(Nearest, "__init__", "trees")
    watch(Electrodes, "of", "electrodes")
    watch(evaluation, "conduct", "conductions")
    watch(transport, "electronic", "electrons")
    return found


@pytest.mark.slow
def test_each_thing_is_built_once(counts, tmp_path, monkeypatch):
    for module in (prisms, electrons):
        monkeypatch.setattr(module, "MOST", 2000)  # how exact the current is does not matter here
    design = geom3d.load("pillars-coated", {"parameters.height": 4, "tolerance": 0.01})
    assert counts == {"structures": 1, "cells": 1}
    design.measure()
    expected = {"structures": 1, "cells": 1, "walls": 1, "electrodes": 1, "trees": 2}
    assert counts == expected
    for celsius in (25.0, 60.0):
        design.measure(transport=True, temperature=celsius)
    expected |= {"conductions": 1, "electrons": 2}
    assert counts == expected
    assert all(found.agrees for found in verify(design))
    drawing(design)
    design.walls_with_distance()
    design.check("micro-sla", 50)
    design.plan(tmp_path, formats=("stl", "vtp"))
    design.build(tmp_path, formats=("stl", "vtp"))
    design._repr_html_()
    assert counts == expected


def test_of_a_sponge_each_thing_is_built_once_on_either_grid(counts):
    sponge = {
        "architecture": "tpms",
        "parameters": {"period": 4.0, "height": 4.0},
        "resolution": 0.4,
        "materials": {"scaffold": {"material": "lto", "role": "anode"}},
        "layers": [
            {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.15},
            {"name": "rest", "role": "cathode", "material": "licoo2", "fill_to": 0.5},
        ],
    }
    design = geom3d.design(sponge)
    design.measure()
    assert (counts["structures"], counts["cells"], counts["walls"], counts["electrodes"]) == (1, 1, 2, 2)
    before = counts.copy()
    design.walls_with_distance()
    assert counts == before


def test_asking_changes_nothing():
    design = geom3d.load("planar-licoo2-lipon-lithium")
    report = design.measure()
    data = copy.deepcopy(report.data)
    with_transport = design.measure(transport=True)
    assert with_transport["ionic_resistance_ohm_cm2"] > 0
    assert report.of_cells((7, 3))["repeat"] == [7, 3]
    assert design.measure().data == data
    with pytest.raises(FrozenInstanceError):
        design.sample.cell = None


def test_a_build_tells_what_it_wrote(tmp_path):
    design = geom3d.load("planar-licoo2-lipon-lithium")
    written = design.build(tmp_path, formats=("tiff", "nrrd"), repeat=(2, 1), options=Options(voxel=2.0))
    assert list(written) == list(written.paths)
    assert written[-1] == tmp_path / "report.json"
    assert sorted(written) == sorted(tmp_path.iterdir())
    # Both formats say the same, once.
    assert len(set(written.warnings)) == len(written.warnings) > 0
    assert any("too thin for these voxels" in warning for warning in written.warnings)
    assert written.report["repeat"] == [2, 1]


def test_a_warning_comes_once_where_a_metric_asks_another(monkeypatch):
    class Asked:
        METRICS = (Metric("asked", "asked", "1", "for the test", 1),)

        @staticmethod
        def measure(sample):
            return Measured({"asked": 1}, ("mind the gap",))

    class Asking:
        METRICS = (Metric("asking", "asking", "1", "for the test", 2),)

        @staticmethod
        def measure(sample):
            found = Asked.measure(sample)
            return Measured({"asking": found.values["asked"] + 1}, (*found.warnings, "and the step"))

    monkeypatch.setattr(metrics, "modules", lambda: (Asked, Asking))
    design = geom3d.load("planar-licoo2-lipon-lithium")
    found = metrics.measure(Sample(design.cell(), design.walls()))
    assert found.values == {"asked": 1, "asking": 2}
    assert found.warnings == ("mind the gap", "and the step")
