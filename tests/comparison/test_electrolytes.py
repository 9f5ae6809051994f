"""The chart of electrolytes and its table."""

from __future__ import annotations

import math
import re

import pytest

from geom3d.cli.app import run
from geom3d.comparison.electrolytes import COLDEST, HOTTEST, curves
from geom3d.library import materials


def test_curves_follow_arrhenius_from_the_point_at_25_degrees():
    found = {curve.name: curve for curve in curves()}
    assert set(found) == {n for n in materials.shipped() if materials.find(n).conductivity_S_cm is not None}
    lipon = found["lipon"]
    assert [1000 / x - 273.15 for x in lipon.inverse] == pytest.approx([COLDEST, 25.0, HOTTEST])
    for inverse, value in zip(lipon.inverse, lipon.conductivity, strict=True):
        by_hand = 2.3e-6 * math.exp(-0.55 / 8.617333262e-5 * (inverse / 1000 - 1 / 298.15))
        assert value == pytest.approx(by_hand, rel=1e-9)
    assert len(found["lison"].inverse) == 1
    at_25 = [curve.material.conductivity_S_cm for curve in curves()]
    assert at_25 == sorted(at_25, reverse=True)


def test_chart_names_every_electrolyte(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["show", "electrolytes", "-o", "chart.svg"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    text = (tmp_path / "chart.svg").read_text("utf-8")
    labels = re.findall(r"<text[^>]*>([^<]+)</text>", text)
    for curve in curves():
        assert curve.name in told.out
        formula = curve.material.formula.replace(">", "&gt;")
        assert any(label.strip().endswith(formula) for label in labels), curve.name
    assert run(["show", "electrolytes", "-o", "again.svg"]) == 0
    assert (tmp_path / "again.svg").read_text("utf-8") == text


def test_bad_use(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["show", "electrolytes", "-o", "chart.pdf"]) == 1
    assert "output: must end in .svg or .png; got 'chart.pdf'" in capsys.readouterr().err
    assert run(["show", "nothing"]) == 1
    assert list(tmp_path.iterdir()) == []
