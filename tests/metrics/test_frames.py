"""Reports are mappings, and become data frames of pandas."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import pandas as pd
import pytest

import geom3d
from geom3d import InputError, OutputError

NAMES = ("pillars-coated", "trenches-notten-2007", "planar-two-layer-sulfide")


@pytest.fixture(scope="module")
def reports():
    return {name: geom3d.load(name).measure() for name in NAMES}


def test_a_report_is_a_mapping(reports):
    report = reports[NAMES[0]]
    assert isinstance(report, Mapping)
    assert list(report) == list(report.keys()) == list(report.data)
    assert dict(report) == report.data
    assert len(report) == len(report.data)
    assert list(report.items()) == list(report.data.items())
    assert "area_gain" in report
    assert "area_gain.anode" in report
    assert not any(key in report for key in ("area_gain.anodes", "nothing", "", 5, None))
    assert report.get("nothing") is None
    assert {**report} == report.data
    assert report == geom3d.load(NAMES[0]).measure()
    with pytest.raises(KeyError, match=r"5: a key is text, such as 'area_gain\.anode'"):
        report[5]


def test_pandas_takes_reports_as_they_are(reports):
    for report in reports.values():
        series = pd.Series(report)
        assert list(series.index) == list(report)
        assert series["footprint_um2"] == report["footprint_um2"]
    frame = pd.DataFrame(list(reports.values()))
    assert frame["footprint_um2"].tolist() == [report["footprint_um2"] for report in reports.values()]


def test_one_report_as_a_frame(reports):
    report = reports[NAMES[1]]
    frame = report.to_frame()
    rows = [row for row in report.rows() if row.value is not None]
    assert list(frame.index) == [row.path for row in rows]
    assert frame.loc["area_gain.scaffold", "value"] == report["area_gain.scaffold"]
    assert frame.loc["footprint_um2"].to_dict() | {"uncertainty": 0} == {
        "value": report["footprint_um2"],
        "uncertainty": 0,
        "unit": "µm²",
        "title": "footprint of the unit cell",
    }


def test_several_reports_as_a_frame(reports):
    frame = geom3d.to_frame(reports)
    assert list(frame.index) == list(NAMES)
    for name, report in reports.items():
        there = {row.path: row.value for row in report.rows() if row.value is not None}
        assert frame.loc[name].dropna().to_dict() == there
        assert frame.attrs["units"]["footprint_um2"] == "µm²"
    assert frame["area_gain.scaffold"].dtype == float
    titles = geom3d.to_frame(reports.values())
    assert list(titles.index) == [report["title"] for report in reports.values()]
    assert titles.to_numpy().shape == frame.to_numpy().shape
    assert geom3d.to_frame([]).empty


def test_what_is_no_report_is_refused(reports):
    with pytest.raises(InputError, match=r"reports: must be reports, as measure\(\) returns; got Design"):
        geom3d.to_frame([geom3d.load(NAMES[0])])
    with pytest.raises(InputError, match="reports: must be several reports; got one"):
        geom3d.to_frame(reports[NAMES[0]])


def test_without_pandas_a_sentence_says_so(reports, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for work in (reports[NAMES[0]].to_frame, lambda: geom3d.to_frame(reports)):
        with pytest.raises(OutputError, match="no data frame: pandas is not installed; pip install pandas"):
            work()
