"""Distributions that are wrong in every way: each is one clear error that names it, and all else goes on."""

from __future__ import annotations

import json

import pytest
from outside import STACK, code, commands, distribution

METRIC = "from geom3d.metrics import Measured, Metric, Request\n"
GOOD = f'"""Right."""\n{METRIC}METRICS = (Metric("right_um", "right", "µm", "a metric that is right", 80),)\n'
RIGHT = f"{GOOD}def measure(sample): return Measured({{'right_um': 1.5}})\n"
POSTS = "from geom3d.architectures.pillars import *\nfrom geom3d.architectures.pillars import Parameters, build, closed_form\n"


#: Kind, text of its module, and the sentence on it.
WRONG = {
    "absent": ("architectures", None, "cannot be imported: ModuleNotFoundError: No module named 'bad_absent'"),
    "broken": ("metrics", "1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
    "leaving": ("exporters", "import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
    "parameterless": ("architectures", '"""A."""', "must have a class Parameters derived from"),
    "buildless": (
        "architectures",
        '"""A."""\nfrom geom3d.architectures import ParametersBase\nclass Parameters(ParametersBase):\n    """P."""\n',
        "must have a function build",
    ),
    "demanding": (
        "architectures",
        f'"""A."""\n{POSTS}class Parameters(Parameters):\n    """P."""\n    must: float\n',
        "must have a default for every parameter; must has none",
    ),
    "wordless": ("architectures", POSTS, "must say in the first line of its docstring what it is"),
    "listless": ("metrics", '"""M."""\ndef measure(sample): return {}', "must have METRICS"),
    "measureless": ("metrics", GOOD, "must have a function measure"),
    "greedy": (
        "metrics",
        RIGHT.replace("right_um", "warnings"),
        "must not give warnings, which is the report's own",
    ),
    "double": (
        "metrics",
        RIGHT.replace("right_um", "area_gain.mine"),
        "'area_gain' is already given by metric 'areas'",
    ),
    "needy": (
        "metrics",
        f"{GOOD}REQUEST = Request('needy', 'Help.', needs=('tempratur',))\ndef answer(inquiry): return None",
        "needs 'tempratur', which is unknown; did you mean 'temperature'?",
    ),
    "late": (
        "metrics",
        GOOD.replace("right_um", "late_um")
        + "REQUEST = Request('transport', 'Help.')\ndef answer(inquiry): return Measured({})",
        "another metric is asked for by 'transport'",
    ),
    "unwriting": ("exporters", '"""E."""\ndef estimate(job): return {}', "must have a function export"),
    "lonely": ("materials", '"""No package."""', "must be a package or the path of TOML files"),
    "empty": ("processes", "PATH = '/nowhere'", "holds no TOML file"),
}


def test_list_names_every_wrong_one_and_all_else(tmp_path):
    for name, (group, text, _) in WRONG.items():
        value = f"bad_{name}" + (":PATH" if name == "empty" else "")
        distribution(tmp_path, name, {group: {name: value}}, {f"bad_{name}.py": text} if text is not None else {})
    distribution(tmp_path, "good", {"metrics": {"right": "right"}}, {"right.py": RIGHT})
    ((ended, out, err),) = commands([tmp_path], tmp_path, "list")
    assert ended == 0
    listed = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert {"pillars", "tpms", "licoo2", "micro-sla", "areas", "stl", "right"} <= listed
    assert not listed & WRONG.keys()
    lines = err.splitlines()
    assert len(lines) == len(WRONG)
    for name, (_, _, words) in WRONG.items():
        (line,) = [line for line in lines if f"of distribution {name} 1.0" in line]
        assert line.startswith("geom3d: warning: ")
        assert words in line


def test_measuring_goes_on_without_a_metric_that_fails(tmp_path):
    texts = {
        "raising": "def measure(sample): raise TypeError('no\\nway')",
        "infinite": "def measure(sample): return Measured({'infinite_um': float('inf')})",
        "foreign": "def measure(sample): return Measured({'area_gain': 5})",
        "odd": "def measure(sample): return 5",
    }
    for name, text in texts.items():
        body = GOOD.replace("right_um", f"{name}_um") + text
        distribution(tmp_path, name, {"metrics": {name: f"bad_{name}"}}, {f"bad_{name}.py": body})
    distribution(tmp_path, "good", {"metrics": {"right": "right"}}, {"right.py": RIGHT})
    ((ended, out, err),) = commands([tmp_path], tmp_path, f"measure {STACK} --json")
    report = json.loads(out)
    assert ended == 0
    assert report["right_um"] == 1.5
    assert report["area_gain"]["anode"] == pytest.approx(1)
    assert [report[f"{name}_um"] for name in texts] == [None] * 4
    words = {
        "raising": "measure failed: TypeError: no",
        "infinite": "measure gives inf for infinite_um; must be a finite number, a word or None",
        "foreign": "measure gives 'area_gain', which is not among its METRICS",
        "odd": "measure must return a Measured; got int",
    }
    assert sorted(report["warnings"]) == sorted(
        f"metric {name!r} of distribution {name} 1.0: {text}" for name, text in words.items()
    )
    assert err.count("geom3d: warning: ") == 4


def test_what_is_used_and_fails_is_one_line_and_exit_code_1(tmp_path):
    heads = '"""A."""\nfrom geom3d.architectures.pillars import Parameters, closed_form\n'
    distribution(
        tmp_path,
        "faulty",
        {
            "architectures": {"falling": "falling", "odd": "odd"},
            "exporters": {"torn": "torn"},
            "metrics": {"slow": "slow"},
        },
        {
            "falling.py": heads + "def build(p): return p.nothing\n",
            "odd.py": heads + "def build(p): return 5\n",
            "torn.py": '"""E."""\ndef estimate(job): return {}\ndef export(job): raise OSError("torn")\n',
            "slow.py": f"{GOOD}REQUEST = Request('slow', 'Help.')\ndef answer(inquiry): return {{}}\n",
            "falling.toml": 'architecture = "falling"\n',
            "odd.toml": 'architecture = "odd"\n',
        },
    )
    faults = {
        "measure falling.toml": "architecture 'falling' of distribution faulty 1.0: build failed: AttributeError",
        "measure odd.toml": "architecture 'odd' of distribution faulty 1.0: build must return a Structure; got int",
        f"build {STACK} -o o --format torn": "format 'torn' of distribution faulty 1.0: export failed: OSError: torn",
        f"measure {STACK} --request slow": "metric 'slow' of distribution faulty 1.0: answer must return a Measured; got dict",
    }
    for (ended, out, err), words in zip(commands([tmp_path], tmp_path, *faults), faults.values(), strict=True):
        assert (ended, out) == (1, "")
        assert words in err
        assert len(err.splitlines()) == 1


def test_names_that_clash(tmp_path):
    material = 'title = "Mine"\nroles = ["cathode"]\naliases = ["oxide"]\n'
    both = {"architectures": {"rods": "rods_{0}"}, "materials": {"stuff": "stuff_{0}"}}
    for one in ("one", "two"):
        points = {group: {k: v.format(one) for k, v in entries.items()} for group, entries in both.items()}
        files = {f"rods_{one}.py": f'"""R."""\n{POSTS}', f"stuff_{one}/mine.toml": material}
        distribution(tmp_path, one, points, files)
    distribution(
        tmp_path,
        "bold",
        {"architectures": {"pillars": "bold"}, "materials": {"stuff": "bolder"}},
        {
            "bold.py": f'"""B."""\n{POSTS}',
            "bolder/lto.toml": material,
            "bolder/bold.toml": material.replace("oxide", "lto"),
        },
    )
    (tmp_path / "t.toml").write_text('architecture = "rods"\n', "utf-8")
    (ended, out, err), *used = commands([tmp_path], tmp_path, "list", "describe rods", "measure t.toml")
    assert ended == 0
    assert "posts of one sign" in out.lower()
    clash = "registered by distribution one 1.0 and by distribution two 1.0; uninstall all but one"
    assert f"architecture 'rods': {clash}" in err
    assert f"material 'mine': {clash}" in err
    assert "architecture 'pillars' of distribution bold 1.0: the name is taken by geom3d's own" in err
    assert "material 'lto' of distribution bold 1.0: the name is taken by geom3d's own" in err
    assert "material 'bold' of distribution bold 1.0: geom3d's own is called 'lto'" in err
    for ended, _, words in used:
        assert ended == 1
        assert clash in words
    text = "from geom3d.library.materials import find; print(find('lto').title, find('bold').title)"
    assert code([tmp_path], text, tmp_path) == "Lithium titanate spinel Mine\n"


def test_files_of_a_wrong_form(tmp_path):
    """A wrong class once ended `list` in pydantic's own words."""
    distribution(
        tmp_path,
        "files",
        {"processes": {"files": "processes_of_mine"}, "materials": {"files": "materials_of_mine"}},
        {
            "processes_of_mine/magic.toml": 'title = "Magic"\nclass = "magic"\nmin_feature = 1\n',
            "processes_of_mine/torn.toml": "title = ",
            "processes_of_mine/right.toml": 'title = "Right"\nclass = "silicon etch"\nmin_feature = 1\n',
            "materials_of_mine/dense.toml": 'title = "Dense"\ndensity_g_cm3 = 1e9\n',
        },
    )
    (ended, out, err), used = commands([tmp_path], tmp_path, "list", "check pillars-coated --process magic")
    assert ended == 0
    assert "right Right (silicon etch) [distribution files 1.0]" in [
        " ".join(line.split()) for line in out.splitlines()
    ]
    assert err.splitlines() == [
        "geom3d: warning: material 'dense' of distribution files 1.0: density_g_cm3: must be at most 100; got 1e+09",
        *[line for line in err.splitlines() if "class: must be one of 'material extrusion'" in line],
        "geom3d: warning: process 'torn' of distribution files 1.0: not valid TOML: Invalid value (at end of document)",
    ]
    assert used[0] == 1
    assert used[2].startswith("geom3d: process 'magic' of distribution files 1.0: class: must be one of ")


def test_nothing_is_imported_before_it_is_used(tmp_path):
    points = {group: {"loud": "loud"} for group in ("architectures", "metrics", "exporters", "materials", "processes")}
    distribution(tmp_path, "loud", points, {"loud.py": "raise RuntimeError"})
    text = """
        import sys
        import geom3d
        from geom3d.cli.app import run
        run(["--help"])
        assert "importlib.metadata" not in sys.modules or "geom3d.core.plugins" not in sys.modules
        from geom3d import architectures, exports
        from geom3d.library.materials import find
        assert "loud" in architectures.names()
        assert "loud" in exports.formats()
        architectures.get("pillars"), exports.DOOR.get("stl"), find("lto")
        assert "loud" not in sys.modules
    """
    code([tmp_path], text, tmp_path)
