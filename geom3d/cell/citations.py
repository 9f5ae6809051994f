"""References of a design as BibTeX: of its template, its materials and the methods that it rests on.

All of it stands in the files: sources of templates, materials and processes are texts such as "doi:10.1038/nmat732 (abstract)" or
"Cahn, J. Chem. Phys. 42 (1965) 93", and so are those in docstrings of methods. What a text gives becomes a field, and nothing else does:
an entry of a bare DOI has no title. A source without a reference stands as a comment, so that a reader sees what has none.
"""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from geom3d import architectures
from geom3d._version import __version__
from geom3d.cell.cell import Cell
from geom3d.cell.template import Template
from geom3d.library.materials import FIGURES
from geom3d.library.processes import load_process

#: As the licence names them; its year.
DEVELOPERS, YEAR = "the geom3d developers", 2026
_DOI = re.compile(r"doi:\s*(10\.\d{4,9}/[^\s;,]+)")
_NAME = r"(?:von )?[A-ZÀ-Ž][\w’'-]+"
#: Authors, journal, volume, year and page as the files write them; volume, page and the brackets of the year may be missing.
_ARTICLE = re.compile(
    # One name alone begins a sentence or a bracket; else it may be the last word of a title.
    rf"(?P<authors>{_NAME}(?:, {_NAME})*(?: and {_NAME}| et al\.)|(?:^|(?<=\()|(?<=: )|(?<=; )){_NAME}), "
    r"(?P<journal>[A-Z][A-Za-z&]*\.?(?:[ -][A-Z(][A-Za-z&()]*\.?| of| and| in)*)"
    r"(?: (?P<volume>[A-Z]?\d[\d-]*))? (?:\((?P<year>(?:18|19|20)\d\d)\)|(?P<bare>(?:19|20)\d\d))(?: (?P<page>[A-Z]?\d+))?"
)
#: What speaks of something published that is written in none of these ways.
_PUBLISHED = re.compile(r"et al\.|\((?:18|19|20)\d\d\)")
#: What the files say where somebody should look again.
_DOUBTS = ("number not confirmed", "not confirmed", "not read", "as quoted elsewhere", "as listed in OBELiX")


@dataclass
class Reference:
    """What is known of one publication.

    Attributes:
        fields: of BibTeX, by name.
        uses: for what it is cited, with the text of the source.
    """

    fields: dict[str, str]
    uses: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Of the entry."""
        kinds = {"journal": "article", "booktitle": "inproceedings"}
        return next((kind for name, kind in kinds.items() if name in self.fields), "misc")

    @property
    def key(self) -> str:
        """Author and year, or the DOI."""
        if "author" in self.fields:
            first = unicodedata.normalize("NFKD", self.fields["author"].partition(" and ")[0].split()[-1])
            return re.sub(r"[^A-Za-z]", "", first).lower() + self.fields.get("year", "")
        return "doi_" + re.sub(r"[^\w.-]", "_", self.fields["doi"]) if "doi" in self.fields else "source"

    @property
    def identity(self) -> tuple[str, ...]:
        """By which two mentions are one publication."""
        if "doi" in self.fields:
            return ("doi", self.fields["doi"].casefold())
        return tuple(
            self.fields.get(key, "") for key in ("author", "journal", "booktitle", "volume", "year", "pages", "note")
        )


def references_in(text: str) -> list[Reference]:
    """The publications that a text names.

    >>> (found,) = references_in("plane waves of random phase (Cahn, J. Chem. Phys. 42 (1965) 93)")
    >>> found.key, found.fields["journal"], found.fields["pages"]
    ('cahn1965', 'J. Chem. Phys.', '93')
    """
    found: list[Reference] = []
    articles = {match.start(): match for match in _ARTICLE.finditer(text)}
    for match in _DOI.finditer(text):
        number = match[1].rstrip(".")
        while number.count(")") > number.count("("):
            number = number[: number.rindex(")")]
        end = match.start(1) + len(number)
        fields = {"doi": number}
        # Authors and journal stand in the brackets behind a DOI, or right before it.
        behind = text[end : end + 2] == " (" and end + 2 in articles
        before = [start for start, m in articles.items() if re.fullmatch(r"\)?: ", text[m.end() : match.start()])]
        for start in [end + 2] if behind else before:
            fields = _fields(articles.pop(start)) | fields
        found.append(Reference(fields))
    found += [Reference(_fields(match)) for match in articles.values()]
    return found


def bibtex(template: Template, cell: Cell) -> str:
    """The text of a BibTeX file for a design.

    Args:
        template, cell: the design.
    """
    known: dict[tuple[str, ...], Reference] = {}
    silent: dict[str, list[str]] = {}
    for use, text in _sources(template, cell):
        found = references_in(text)
        if not found and (_PUBLISHED.search(text) or (use == "template" and not text.startswith("concept"))):
            found = [Reference({"note": text})]
        for reference in found:
            known.setdefault(reference.identity, reference).uses.append(f"{use}: {text}")
        if not found:
            silent.setdefault(text, []).append(use)
    own = f"""@misc{{geom3d,
  author = {{{{{DEVELOPERS}}}}},
  title = {{geom3d: exact geometry, files and figures of merit of 3D solid-state microbatteries}},
  year = {{{YEAR}}},
  note = {{Python package, version {__version__}}},
}}"""
    taken: set[str] = {"geom3d"}
    entries = [own, *(_entry(reference, taken) for reference in known.values())]
    comments = [f"% {' / '.join(uses)}: {text}" for text, uses in silent.items()]
    heading = ["% Sources without a reference, as the files give them:", *comments] if comments else []
    head = f"% References of {template.name}: {template.title}".replace("\n", " ")
    return "\n\n".join([head, *entries, *(["\n".join(heading)] if heading else [])]) + "\n"


def _sources(template: Template, cell: Cell) -> Iterator[tuple[str, str]]:
    """For what, and the text of its source: of the template, its regions' materials, its processes and methods."""
    if template.source:
        yield "template", template.source
    for value in template.published:
        if references_in(value.note):
            yield f"published value of {value.metric}", value.note
    told: set[str] = set()
    for region in cell.regions:
        material = region.material
        if material.title in told:
            continue
        told.add(material.title)
        for figure, text in material.sources.items():
            yield f"{material.title}, {FIGURES[figure]}", text
        if material.source != "user":
            yield material.title, material.source
    for process in dict.fromkeys(layer.step_coverage.process for layer in template.layers if layer.step_coverage):
        if process is not None:
            yield f"process {process}", load_process(process)[1].source
    for name, text in _methods(template):
        for reference in references_in(text):
            yield f"method of {name}", _as_text(reference)


def _methods(template: Template) -> Iterator[tuple[str, str]]:
    """Name of the architecture, and the words of its docstrings in one line each."""
    architecture = architectures.get(template.architecture)
    home = getattr(architecture, "__name__", None)
    members = [thing for thing in vars(architecture).values() if getattr(thing, "__module__", "") == home]
    for text in (architecture.__doc__, *map(inspect.getdoc, members)):
        yield template.architecture, " ".join((text or "").split())


def _as_text(reference: Reference) -> str:
    """A reference in the way of the files."""
    known = reference.fields
    authors = known["author"].replace(" and others", " et al.") if "author" in known else f"doi:{known['doi']}"
    rest = [
        known.get("journal", known.get("booktitle")),
        known.get("volume"),
        f"({known['year']})" if "year" in known else None,
        known.get("pages"),
    ]
    return ", ".join(filter(None, [authors, " ".join(part for part in rest if part)]))


def _fields(match: re.Match[str]) -> dict[str, str]:
    """What the parts of a reference are called in BibTeX."""
    authors = re.sub(r" et al\.$", " and others", match["authors"]).replace(", ", " and ")
    given = {
        "author": authors,
        "booktitle" if re.search("Meeting|Conference", match["journal"]) else "journal": match["journal"],
        "volume": match["volume"],
        "year": match["year"] or match["bare"],
        "pages": match["page"],
    }
    return {key: value for key, value in given.items() if value}


def _entry(reference: Reference, taken: set[str]) -> str:
    """An entry under a key of its own, and before it what the files leave in doubt."""
    key, letters = reference.key, iter("bcdefghijklmnopqrstuvwxyz")
    own = key
    while own in taken:
        own = key + next(letters)
    taken.add(own)
    fields = {**reference.fields, "annote": " / ".join(reference.uses)}
    lines = [f"  {name} = {{{value if name == 'doi' else _escaped(value)}}}," for name, value in fields.items()]
    doubts = [word for word in _DOUBTS if any(word in use for use in reference.uses)]
    if "number not confirmed" in doubts:
        doubts.remove("not confirmed")
    comment = f"% Look again, the files say: {', '.join(doubts)}\n" if doubts else ""
    return comment + "\n".join([f"@{reference.kind}{{{own},", *lines, "}"])


def _escaped(text: str) -> str:
    """Text that TeX sets as it is."""
    plain = " ".join(text.split()).replace("\\", "/").replace("{", "(").replace("}", ")")
    return re.sub(r"([&%$#_])", r"\\\1", plain).replace("~", "about ").replace("^", r"\^{}")
