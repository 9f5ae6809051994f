"""What `cite` gives is what the files say, all of it and nothing else; read here by a parser of its own."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from shell import command

import geom3d
from geom3d.cell.citations import DEVELOPERS, YEAR, references_in
from geom3d.cell.template import text_of
from geom3d.library import materials

ROOT = Path(__file__).resolve().parents[2]
DOI = re.compile(r"10\.\d{4,9}/[\w./()-]+[\w]")


def entries(text):
    """Kind, and fields by name, of each entry by its key; braces are counted."""
    found = {}
    for match in re.finditer(r"^@(\w+)\{([^,\s]+),\n(.*?)^\}$", text, flags=re.MULTILINE | re.DOTALL):
        fields = {}
        for line in match[3].splitlines():
            name, value = re.fullmatch(r"  (\w+) = \{(.*)\},", line).groups()
            assert value.count("{") == value.count("}")
            fields[name] = value
        assert match[2] not in found
        assert match[2].isascii()
        found[match[2]] = (match[1], fields)
    assert len(found) == text.count("\n@")
    return found


def texts_of(name):
    """The sources of a template and of all materials that it names, read as plain TOML."""
    content = tomllib.loads(text_of(name))
    named = [layer["material"] for layer in content.get("layers", [])]
    named += [value for value in content.get("materials", {}).values() if isinstance(value, str)]
    files = {materials.CATALOGUE.entry(each).file for each in named}
    data = [tomllib.loads(file.read_text("utf-8")) for file in files]
    sources = [text for entry in data for text in (entry.get("source"), *entry.get("sources", {}).values()) if text]
    return [content["source"], *sources]


@pytest.mark.parametrize(
    "name",
    ["trenches-notten-2007", "pillars-coated", "planar-two-layer-sulfide", "nanopillars-lethien-2011"],
)
def test_every_source_stands_in_it_once(name):
    text = geom3d.load(name).cite()
    found = entries(text)
    plain = text.replace("\\", "")
    for source in texts_of(name):
        assert re.sub(r"[~^\\]", "", source) in re.sub(r"about |[{}^]", "", plain) or source in plain, source
    cited = [fields["doi"] for _, fields in found.values() if "doi" in fields]
    wanted = {doi for source in texts_of(name) for doi in DOI.findall(source)}
    assert sorted(cited) == sorted(wanted)


def test_an_article_has_the_fields_that_its_source_gives_and_no_others():
    found = entries(geom3d.load("trenches-notten-2007").cite())
    kind, fields = found["notten2007"]
    given = {"author": "Notten and others", "journal": "Adv. Mater.", "volume": "19", "year": "2007", "pages": "4564"}
    assert kind == "article"
    assert fields.pop("annote").startswith("template: doi:10.1002/adma.200702398 (Notten et al.")
    assert fields == {**given, "doi": "10.1002/adma.200702398"}
    # Of a bare DOI nothing else is known.
    kind, fields = found["doi_10.1149_1.1837443"]
    assert (kind, set(fields)) == ("misc", {"doi", "annote"})


def test_doubts_of_the_files_are_said():
    text = geom3d.load("trenches-notten-2007").cite()
    assert "% Look again, the files say: number not confirmed\n@article{notten2007," in text
    assert "% Look again, the files say: as quoted elsewhere\n@misc{doi_10.1149_1.1837443," in text


def test_geom3d_itself_is_named_as_in_the_licence():
    text = geom3d.load("planar-efl700a39").cite()
    kind, fields = entries(text)["geom3d"]
    assert (kind, fields["author"], fields["year"]) == ("misc", f"{{{DEVELOPERS}}}", str(YEAR))
    assert f"(c) {YEAR} {DEVELOPERS}" in (ROOT / "LICENSE").read_text("utf-8")
    assert geom3d.__version__ in fields["note"]


@pytest.mark.parametrize(
    ("text", "authors", "journal"),
    [
        ("Cahn, J. Chem. Phys. 42 (1965) 93", "Cahn", "J. Chem. Phys."),
        ("(von Schnering and Nesper, Z. Phys. B 83 (1991) 407)", "von Schnering and Nesper", "Z. Phys. B"),
        ("Ma, Bae and Choi, Visual Computer 28 (2012) 7", "Ma and Bae and Choi", "Visual Computer"),
        ("data by Jen et al., J. Appl. Phys. 109 (2011) 084305, not read", "Jen and others", "J. Appl. Phys."),
    ],
)
def test_references_are_read_as_they_are_written(text, authors, journal):
    (found,) = references_in(text)
    assert (found.fields["author"], found.fields["journal"]) == (authors, journal)


@pytest.mark.parametrize(
    "text", ["handbook value", "estimated: closed films", "a film of 500 nm (abstract)", "concept 2007"]
)
def test_what_is_no_reference_is_none(text):
    assert references_in(text) == []


def test_the_method_of_an_architecture_is_cited():
    found = entries(geom3d.load("sponge-gyroid-lto", {"resolution": 0.4}).cite())
    assert found["schnering1991"][1]["annote"].startswith("method of tpms: ")


def test_cite_prints_or_writes(tmp_path):
    printed = command("cite", "planar-efl700a39")
    assert (printed.code, printed.err) == (0, "")
    path = tmp_path / "sources.bib"
    assert command("cite", "planar-efl700a39", "-o", path).out == f"{path}\n"
    assert path.read_text("utf-8") == printed.out
    assert "data sheet EFL700A39" in printed.out  # no article, and still a source
    assert command("cite", "planar-efl").code == 1
