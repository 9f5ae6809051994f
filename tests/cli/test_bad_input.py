"""Wrong input ends with exit code 1 and one or two lines that name key, rule, value and options; no file is left.

Wrong templates, layers, overrides and options stand in tables, a case in a line:

    text → words of the message
    text with @ → words of the message → value ~ value ~ value

The second is as many cases as there are values: each takes the place of the @ (an empty one removes it). A ¶ in the text
is the end of a line, and `abcd…abcd` stands for 2000 times `abcd` (`long`). What the text is, a piece of a template or an
argument of the command line, says the test below the table; a message must hold the words, or begin with them.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from geom3d import architectures
from geom3d.api import load
from geom3d.cell.describe import limits
from geom3d.cell.template import load_template
from geom3d.cli.app import run
from geom3d.core.errors import GeometryError
from geom3d.core.quantities import parse_length
from geom3d.exports import Written
from geom3d.mesh.interfaces import InterfaceMesh

POSTS = 'architecture = "pillars"\n'
FLAT = 'architecture = "planar"\n'
STACK = "planar-licoo2-lipon-lithium"
#: Every length among the parameters of every architecture.
LENGTHS = [
    (name, key)
    for name in architectures.names()
    for key, field in architectures.get(name).Parameters.model_fields.items()
    if parse_length in [getattr(part, "func", None) for part in field.metadata]
]
posix = pytest.mark.skipif(os.name != "posix", reason="devices and limits of POSIX")


def table(text: str) -> list[tuple[str, str]]:
    """The cases of a table as the top of this file explains it: text, and words of the message."""
    text = text.replace("FILM", 'name = "film", role = "anode", material')
    rows = [[*line.split(" → "), ""] for line in text.splitlines() if line]
    return [
        (row[0].replace("@", value).replace("¶", "\n"), row[1].strip()) for row in rows for value in row[2].split(" ~ ")
    ]


def long(text: str) -> str:
    """`abcd…abcd` stands for very many `abcd`."""
    return re.sub(r"(.{4})…\1", lambda found: found[1] * 2000, text)


def whole(text: str) -> str:
    return text if "architecture" in text else f"{text}\n{POSTS}"


def layer(**keys: str) -> str:
    usual = {"name": '"film"', "role": '"anode"', "material": '"lto"', "thickness": "0.1"}
    return "[[layers]]\n" + "".join(f"{key} = {value}\n" for key, value in (usual | keys).items() if value)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def files() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def ends(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


def refused(*arguments: object) -> str:
    """The message of a command that must fail as it should; no file may appear or change."""
    before = files()
    code, out, err = ends(*arguments)
    assert (code, out) == (1, ""), err
    assert err.startswith("geom3d: ")
    assert 1 <= len(err.splitlines()) <= 2
    assert files() == before
    return err.removeprefix("geom3d: ")


def bad(text: str | bytes, command: str = "measure", *arguments: object) -> str:
    Path("t.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return refused(command, "t.toml", *arguments)


def test_tables_are_read_as_explained():
    assert table("a = @ → a: must be → 1 ~ x") == [("a = 1", "a: must be"), ("a = x", "a: must be")]
    assert table("a = 1¶b = 2 → b: unknown") == [("a = 1\nb = 2", "b: unknown")]
    assert table("--set @a → must →  ~ .") == [("--set a", "must"), ("--set .a", "must")]
    assert long("[[[[…[[[[") == "[" * 8000


NO_LENGTHS = table("""
@ → must be a finite number → nan ~ inf ~ -inf ~ 1e400 ~ -1e400 ~ "1e400 um"
@ → must be at most 100000 µm in size (100 mm) → 1e12 ~ 100_001 ~ "5 m" ~ -1e12
@ → must be a length; V cannot be converted to µm → "5 V"
@ → must be a length; kg cannot be converted to µm → "5 kg"
@ → must be a length; unknown unit fathomz → "5 fathomz"
@ → must be a length, a number in µm or a string such as '2 µm' → true ~ [1] ~ {a = 1} ~ "five" ~ 1979-05-27 ~ "5"
@ → must be a length → "nan um" ~ "5 um^2" ~ "5 degC" ~ "5 dB" ~ "um"
@ → must be zero or at least 0.0001 µm in size (0.1 nm) → 1e-9 ~ "1e-9 um"
""")


@pytest.mark.parametrize("value", ["-1", "0", "nan", "1e12"])
@pytest.mark.parametrize(("architecture", "key"), LENGTHS)
def test_no_length_for_any_parameter(architecture, key, value):
    """Each has its limits; what is no length at all is refused by the one reader of lengths, as in NO_LENGTHS."""
    Path("t.toml").write_text(f'architecture = "{architecture}"\n[parameters]\n{key} = {value}\n', "utf-8")
    if value == "0" and limits(architectures.get(architecture).Parameters.model_fields[key])[0] == 0:
        load_template("t.toml")
    else:
        assert refused("measure", "t.toml").startswith(f"t.toml: parameters.{key}: must be ")


PLACES = {
    "parameters.pitch": f"{POSTS}[parameters]\npitch = @",
    "tolerance": f"tolerance = @\n{POSTS}",
    "layers.film.thickness": POSTS + layer(thickness="@"),
    "layers.film.fill_to": POSTS + layer(thickness="", fill_to="@"),
}


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize(("value", "rule"), NO_LENGTHS)
def test_no_length(key, value, rule):
    message = bad(PLACES[key].replace("@", value))
    if key == "layers.film.thickness" and value[0] in "[{":  # a film may be uneven
        rule = (
            "must be a length, a table of top, middle and bottom" if value[0] == "[" else "unknown key 'a'; valid: top"
        )
    assert message.startswith(f"t.toml: {key}: {rule}")
    assert value.startswith("{") or "; got " in message


@pytest.mark.parametrize("key", ["tolerance", "layers.film.thickness"])
@pytest.mark.parametrize("value", ["0", "-1", '"-1 um"'])
def test_no_length_above_zero(key, value):
    assert bad(PLACES[key].replace("@", value)).startswith(f"t.toml: {key}: must be greater than 0; got ")


ODD = ["", "12,5 um", "1 2 um", "5..6 um", "5 um%", "5 um\n3", "(5 um", "'''", "-", "**", "\\"]


@pytest.mark.parametrize("value", ODD)
def test_length_of_odd_form_is_refused_not_guessed(value):
    message = bad(f"{POSTS}[parameters]\npitch = {json.dumps(value)}\n")
    assert message.startswith("t.toml: parameters.pitch: must be a length")


@posix
@pytest.mark.parametrize("value", ["9**9**9 um", "1" * 30_000], ids=["power", "digits"])
def test_length_is_read_at_once(value):
    """Within ten seconds of the processor's time, however busy it is otherwise."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (10, 10)); import geom3d.cli.app as c; c.main()"
    command = [sys.executable, "-c", code, "measure", STACK, "--set", f"parameters.base={value}"]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (ended.returncode, ended.stderr.count("parameters.base: must be a length")) == (1, 1)


# Misspelt on purpose, from here
WRONG = table("""
architecture = @ → architecture: must be a name in quotes; got → 1 ~ true ~ ["pillars"] ~ {}
title = @ → title: must be text in quotes → 1 ~ true ~ [] ~ {} ~ 0xffff…ffff
parameters = @ → parameters: must be a table → 1 ~ true ~ [] ~ "a" ~ [[1]]
materials = @ → materials: must be a table → 1 ~ true ~ [] ~ "a" ~ [[1]]
device = @ → device: must be a table → 1 ~ true ~ [] ~ "a" ~ [[1]]
layers = @ → layers: must be a list → 1 ~ true ~ {} ~ "a"
published = @ → published: must be a list → 1 ~ true ~ {} ~ "a"
repeat = @ → repeat: must be a list → 1 ~ true ~ {} ~ "2x2"
layers = @ → layers.0: must be a table → [1] ~ ["a"] ~ [[1]] ~ [true]
published = @ → published.0: must be a table → [1] ~ ["a"] ~ [[1]] ~ [true]
repeat = [@, 1] → repeat.0: must be a whole number; got → 1.5 ~ 2.0 ~ "2" ~ true ~ nan ~ inf ~ []
repeat = [2, @] → repeat.1: must be at → 0 ~ -1 ~ 100_001 ~ 99999999999999999999
repeat = [1, 2, 3] → repeat: must have at most 2 entries
capacity_basis = @ → capacity_basis: must be one of 'practical' or 'theoretical'; got → 1 ~ true ~ "x" ~ []
materials = {scaffold = @} → materials.scaffold: must be a table; got → 1 ~ ["lto"] ~ true
materials = {scaffold = {}} → materials.scaffold.material: is missing
materials = {scaffold = {material = "lto", role = @}} → materials.scaffold.role: must be one of  → 1 ~ "x"
materials = {scaffold = {material = "lto", thick = 1}} → materials.scaffold.thick: unknown key; valid: material, role
materials = {scafold = "lto"} → materials.scafold: not a region of this architecture; did you mean 'scaffold'?
materials = {backing = "lto"} → materials.backing: not a region of this architecture; valid: scaffold
materials = {mine = {roles = "anode"}} → materials.mine.roles: must be a list; got 'anode'
materials = {mine = {roles = ["Anode"]}} → materials.mine.roles.0: must be one of
materials = {mine = {colour = "red"}} → materials.mine.colour: must
materials = {mine = {density = 1}} → materials.mine.density: unknown key; did you mean 'density_g_cm3'? valid: act
materials = {mine = {density_g_cm3 = @}} → materials.mine.density_g_cm3: must be → 0 ~ -1 ~ nan ~ inf ~ true ~ "5" ~ []
materials = {mine = {potential_V = @}} → materials.mine.potential_V: must be a number → true ~ "5"
device = {} → device.width: is missing
device = {width = 1, length = 1, thickness = @} → device.thickness: must be → 0 ~ -1 ~ nan ~ "1 V" ~ true
device = {width = 1, length = 1, thickness = 1, capacity = @} → device.capacity: must be → 0 ~ nan ~ "1 V" ~ "1"
device = {width = 1, length = 1, thickness = 1, voltage = @} → device.voltage: must be → 0 ~ 50 ~ "1 um" ~ []
published = [{metric = "x", value = @}] → published.0.value: must be a → nan ~ "1" ~ true ~ []
titel = "x" → titel: unknown key; did you mean 'title'? valid: architecture,
name = "My cell" → name: unknown key;
user_materials = {} → user_materials: unknown key;
architecture = "pilars" → architecture: unknown 'pilars'; did you mean 'pillars'? valid: fibres,
parameters = {ptch = 3} → parameters.ptch: unknown key; did you mean 'pitch'? valid: backing, base, corner_radius, diameter,
parameters = {lattice = @} → parameters.lattice: must be one of 'square' or 'hexagonal'; got → "hex" ~ 1 ~ [1] ~ true
parameters = {diameter = @} → parameters.diameter: must be smaller than pitch = 10 µm; got → 10 ~ 11
architecture = "tubes"¶[parameters]¶outer_diameter = @ → parameters.outer_diameter: must be smaller than pitch = 10 → 10 ~ 11
architecture = "tubes"¶[parameters]¶inner_diameter = @ → parameters.inner_diameter: must be smaller than outer_diam → 6 ~ 7
architecture = "pores"¶[parameters]¶diameter = @ → parameters.diameter: must be smaller than pitch = 10 µm; got → 10 ~ 11
architecture = "trenches"¶[parameters]¶width = @ → parameters.width: must be smaller than pitch = 8 µm; got → 8 ~ 9
architecture = "honeycomb"¶[parameters]¶wall = @ → parameters.wall: must be smaller than pitch = 10 µm; got → 10 ~ 11
architecture = "grid"¶[parameters]¶width = @ → parameters.width: must be smaller than pitch = 200 µm; got → 200 ~ 201
architecture = "interdigitated_pillars"¶[parameters]¶anode_diameter = @ → parameters.anode_diameter: the radii of → 20 ~ 22
architecture = "interdigitated_plates"¶[parameters]¶fingers = @ → parameters.fingers: must be a → 1.5 ~ -1 ~ 1001 ~ true ~ "4"
architecture = pillars → not valid TOML: Invalid value (at line 1, column 16)
[parameters → not valid TOML: Expected ']' at the end of a table declaration (at line 1, column 12)
[a]¶[a] → not valid TOML: Cannot declare ('a',) twice (at line 2, column 3)
a = @ → not valid TOML: → "x ~ [[[[…[[[[ ~ 1111…1111
a.a.…a.a.a = 1 → not valid
""")
# to here


@pytest.mark.parametrize(("text", "start"), WRONG)
def test_wrong_key_or_value(text, start):
    assert bad(whole(long(text))).startswith(f"t.toml: {start}")


# Misspelt on purpose, from here
WRONG_LAYERS = table(f"""
name = 1 → layers.0.name: must be text in quotes; got 1
name = "" → layers.0.name: must not be empty
name = "{"x" * 61}" → must have at most 60 characters
name = @ → is taken; names of layers and regions must differ → "scaffold" ~ "Scaffold" ~ "void" ~ "assembly"
name = @ → .name: must → 'a/b' ~ 'a.b' ~ 'a|b' ~ 'a=b' ~ 'a"b' ~ 'a\\b'
role = @ → layers.film.role: must be one of 'substrate', 'barrier', 'anode_c → "anod" ~ "Anode" ~ "void" ~ 1 ~ []
@ → is missing → name = ~ role = ~ material =
material = @ → layers.film.material: must be text in quotes → 1 ~ [] ~ {{}} ~ true
material = "lt" → layers.film.material: unknown material 'lt'; did you mean 'lto'? valid: alumina,
material = "../lto" → layers.film.material: unknown material '../lto'; did you mean 'lto'? valid: alumina,
@ → layers.film: needs either thickness (a conformal coat) or fill_to (a fill), and not both → fill_to = 1 ~ thickness =
thicknes = 1 → layers.film.thicknes: unknown key; did you mean 'thickness'? valid: fill_to, material, name, role, step_coverage, thick
""")
# to here


@pytest.mark.parametrize(("line", "words"), WRONG_LAYERS)
def test_wrong_layer(line, words):
    key, _, value = line.partition(" =")
    assert words in bad(POSTS + layer(**{key: value.strip()}))


GAPS = {"pillars": 5, "tubes": 4, "pores": 6, "trenches": 5, "honeycomb": 8, "interdigitated_plates": 40}


@pytest.mark.parametrize("architecture", GAPS)
@pytest.mark.parametrize("shares", [(0.5,), (0.6,), (0.3, 0.3), (0.4, 0.1)])
def test_coats_that_close_their_gap(architecture, shares):
    gap = GAPS[architecture]
    head = f'architecture = "{architecture}"\n[parameters]\n{"fingers = 3" if gap == 40 else ""}\n'
    coats = [f"{share * gap:.6g}" for share in shares]
    message = bad(head + "".join(layer(name=f'"film {k}"', thickness=t) for k, t in enumerate(coats)))
    assert message.startswith(f"t.toml: layers.film {len(coats) - 1}.thickness: coats of ")
    rule = f"close the gap of {gap} µm between facing walls (less than {gap / 2:g} µm fit)"
    assert message.endswith(f" {rule}; got {coats[-1]} µm; to fill what is left, use fill_to\n")
    Path("t.toml").write_text(head + layer(thickness=f"{0.499 * gap}"), "utf-8")
    assert ends("measure", "t.toml")[0] == 0


@pytest.mark.parametrize("architecture", ["pillars", "tubes", "pores", "trenches", "honeycomb"])
@pytest.mark.parametrize("level", [-50, -51, -1000])
def test_fill_below_the_floor(architecture, level):
    message = bad(f'architecture = "{architecture}"\n{layer(thickness="", fill_to=str(level))}')
    rule = "layers.film.fill_to: must lie above the floor, which is 50 µm below the scaffold's top"
    assert message == f"t.toml: {rule}; got {level}\n"


NO_CELLS = table("""
layers = [{FILM = "lto", thickness = 3}] → layers.film.thickness: coats of 3 µm in all close the gap of 5 µm
layers = [{FILM = "nothing", fill_to = 1}] → layers.film.material: unknown material 'nothing'; did you mean
layers = [{FILM = "lipon", fill_to = 1}] → layers.film.material: Lithium phosphorus oxynitride (LiPON) cannot serve as
layers = [{FILM = "lto", fill_to = 1}, {name = "b", role = "anode", material = "lto", fill_to = 1}] → 'b' has no volume
layers = [{FILM = "m", fill_to = 1}]¶materials.m = {roles = ["anode"], density_g_cm3 = 2} → layers.film.material: material 'm' has no practical capa
layers = [{FILM = "m", fill_to = 1}]¶materials.m = {roles = ["anode"], density_g_cm3 = 2, capacity_theoretical_mAh_g = 9} → 'm' has no practical capa
published = [{metric = "nothing", value = 1}] → published.metric: nothing: unknown; valid: architecture, area_gain,
architecture = "interdigitated_pillars"¶layers = [{FILM = "lto", thickness = 1}] → layers: a cell closed from above by
""")


@pytest.mark.parametrize(("text", "words"), NO_CELLS)
def test_cell_that_cannot_be(text, words):
    assert words in bad(whole(text), "verify")


@pytest.mark.parametrize(("text", "words"), NO_CELLS[::3])
def test_message_names_the_template_among_many(text, words):
    Path("t.toml").write_text(whole(text), "utf-8")
    assert refused("verify", STACK, "t.toml").startswith("t.toml: ")
    assert "t.toml: t.toml: " not in ends("build", "t.toml", "-o", "o")[2]


def test_template_with_a_byte_order_mark_is_read_or_refused_by_name():
    Path("t.toml").write_bytes(b"\xef\xbb\xbf" + POSTS.encode())
    code, _, err = ends("measure", "t.toml")
    assert code == 0 or "byte order mark" in err


def test_template_that_is_none():
    assert bad(b"").startswith("t.toml: architecture: missing; valid: fibres, ")
    assert bad(b"\xff\xfea") == "t.toml: not a UTF-8 text file (byte 0)\n"
    Path("folder.toml").mkdir()
    assert refused("measure", "folder.toml") == "folder.toml: cannot be read: Is a directory\n"
    message = refused("measure", "pillars-coatd")
    assert "no such file, and no shipped template has that name; did you mean 'pillars-coated'? valid: comb" in message


SET = table("""
pitch → --set pitch: must have the form key=value
@=5 → must be a path of names such as parameters.pitch or layers.NAME.thickness →  ~ . ~ a..b ~ parameters.
layers.nothing.thickness=1 → no layer 'nothing'; valid: anode, anode collector, cathode, cathode collector, elec
layers.anod.thickness=1 → no layer 'anod'; did you mean 'anode'? valid: anode,
layers.anode=5 → name the key to set, such as layers.anode.thickness
parameters.base.x=1 → licoo2-lipon-lithium: parameters.base.x: parameters.base is not a table of this template
parameters=1 → parameters: must be a table [parameters]; got 1
parameters.base=@ → parameters.base: must be a → five ~ 5 V ~ 012 ~ true ~ [1] ~ [[[[…[[[[ ~ 1111…1111
layers.anode.role=cathode → layers.anode.material: Lithium cannot serve as cathode (its roles: anode); valid: licoo2,
architecture=trench → architecture: unknown 'trench'; did you mean 'trenches'? valid: fibres,
""")


@pytest.mark.parametrize(("text", "words"), SET)
def test_wrong_override(text, words):
    assert words in refused("measure", STACK, "--set", long(text))


OPTIONS = table("""
--repeat @ → repeat: must be two whole numbers → 0 1 ~ 1 0 ~ -1 1 ~ 1.5 1 ~ 100001 1 ~ 1 99999999999
--scale @ → scale: must be a number from 1e-6 to 1e9; got → 0 ~ -1 ~ nan ~ inf ~ -inf ~ 1e-7 ~ 1e400
--unit @ → valid: mm, um → inch ~ µm ~ MM ~ m
--format @ → format: unknown → step ~ STL ~ stl,obj ~ __init__
--request @ → request: unknown → capacity ~ Transport ~ report
--set name=nan → name: unknown key
--set title=\udcff → title: must
""")


@pytest.mark.parametrize(("options", "words"), OPTIONS)
def test_wrong_option_of_build(options, words, monkeypatch):
    monkeypatch.setattr("geom3d.exports.stl.export", lambda job: Written(()))  # no terabytes where a check is missing
    assert words in refused("build", STACK, "-o", "o", *options.split())
    assert not Path("o").exists()


@posix
@pytest.mark.parametrize("folder", ["file", "file/x", "/dev/full/x", "/proc/x"])
def test_folder_that_cannot_be_made(folder):
    Path("file").write_text("mine", "utf-8")
    assert refused("build", STACK, "-o", folder).startswith(f"folder '{folder}' cannot be made: ")


@pytest.mark.parametrize("name", [f"{STACK}_scaffold_mm.stl", "report.json"])
def test_file_that_cannot_be_replaced(name):
    Path("o", name).mkdir(parents=True)
    assert ends("build", STACK, "-o", "o") == (1, "", f"geom3d: file 'o/{name}' cannot be written: Is a directory\n")
    assert not [path for path in files() if ".part" in path]


@posix
def test_disk_that_is_full_leaves_old_files_as_they_were():
    Path("o").mkdir()
    Path("o", f"{STACK}_scaffold_mm.stl").write_bytes(b"old")
    before = files()
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900)); import geom3d.cli.app as c; c.main()"
    )
    command = [sys.executable, "-c", code, "build", STACK, "-o", "o"]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (ended.returncode, files()) == (1, before)
    assert ended.stderr == f"geom3d: file 'o/{STACK}_scaffold_mm.stl' cannot be written: File too large\n"


@posix
@pytest.mark.parametrize(("arguments", "end"), [("list", ">/dev/full"), (f"measure {STACK} --json", ">&-")])
def test_output_that_takes_nothing_is_no_crash(arguments, end):
    """Of a table, and of plain text."""
    command = ["/bin/sh", "-c", f'exec "$0" -m geom3d {arguments} {end}', sys.executable]
    ended = subprocess.run(command, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 1 or end == ">&-"


@pytest.mark.parametrize("output", ["r.txt", "r", ".md", "folder.md"])
def test_comparison_that_cannot_be_written(output):
    Path("folder.md").mkdir()
    assert output.partition("/")[0] in refused("compare", STACK, "-o", output)


# Misspelt on purpose, from here
@pytest.mark.parametrize("metric", ["nothing", "area_gain.scafold", "title", "area_gain", "area_gain.anode", "", "."])
# to here
def test_published_metric_that_is_none(metric):
    message = bad(f'{FLAT}[[published]]\nmetric = "{metric}"\nvalue = 1\n', "verify")
    assert "published.metric: " in message
    assert metric in message
    assert "{" not in message, "a value of the report is poured out"


CLAIM = 'published=[{metric = "capacity_uAh_cm2.cell", value = 143800}]'
CBC050 = 'device={width = "5.7 mm", length = "6.1 mm", thickness = "0.2 mm", capacity = "50 mAh"}'


@pytest.mark.parametrize(("source", "claim"), [(STACK, CLAIM), (STACK, CBC050), ("bare.toml", CBC050)])
def test_capacity_in_the_wrong_unit_is_flagged(source, claim):
    Path("bare.toml").write_text(FLAT, "utf-8")
    code, out, err = ends("measure", source, "--json", "--set", claim)
    assert (code, len(json.loads(out)["warnings"])) == (0, 1)
    assert "slip of units" in err
    assert ends("measure", source, "--json", "--set", claim.replace("mAh", "uAh").replace("3800", "3.8"))[2] == ""


def test_capacity_beyond_all_numbers_is_refused_or_null():
    figures = 'roles = ["anode"], density_g_cm3 = 1e300, capacity_practical_mAh_g = 1e300'
    Path("t.toml").write_text(f"{POSTS}materials.m = {{{figures}}}\n" + layer(material='"m"'), "utf-8")
    code, out, err = ends("measure", "t.toml", "--json")
    assert err.startswith("geom3d: ")
    assert code or json.loads(out, parse_constant=pytest.fail)


def test_a_mesh_that_fails_its_checks_lies_in_the_output_folder_and_nowhere_else(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    walls = load("planar-licoo2-lipon-lithium").walls()

    def fails(*_: object) -> None:
        raise GeometryError("two ways to the volume differ", walls)

    monkeypatch.setattr(InterfaceMesh, "check", fails)
    assert run(["measure", STACK]) == 1
    assert "two ways to the volume differ\ngeom3d: `geom3d build` of it writes the mesh" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert run(["build", STACK, "-o", "out"]) == 1
    assert f"the mesh was written to {Path('out', 'failed-mesh.stl')} (µm)" in capsys.readouterr().err
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")] == [Path("out", "failed-mesh.stl")]
    data = Path("out", "failed-mesh.stl").read_bytes()
    assert len(data) == 84 + 50 * int.from_bytes(data[80:84], "little") > 84
