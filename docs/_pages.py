"""Pages that are read off the program: its commands, keys, architectures, numbers, materials, processes, formats and templates.

Whoever adds one of these changes no page: the next build of the documentation has it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from geom3d import architectures, exports, metrics
from geom3d.cell import template
from geom3d.cell.commented import MEANINGS
from geom3d.cell.describe import regions, rows
from geom3d.core.roles import Role
from geom3d.library import materials, processes

ROOT = Path(__file__).resolve().parent.parent
#: What the tables of a template are called in their page.
TABLES = {
    "": "At the top",
    "materials": "`[materials]`",
    "layers": "`[[layers]]`",
    "profile": "`[profile]`",
    "device": "`[device]`",
    "published": "`[[published]]`",
}


def write(folder: Path) -> None:
    """Writes all of these pages into a folder of their own; what has not changed keeps its date.

    Args:
        folder: emptied of pages that are no longer made.
    """
    folder.mkdir(exist_ok=True)
    pages = {name: f"{text.rstrip()}\n" for name, text in ((name, "\n".join(lines())) for name, lines in PAGES.items())}
    for old in folder.iterdir():
        if old.stem not in pages:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def commands() -> Iterator[str]:
    """Every command with its arguments and options."""
    from geom3d.cli.app import app

    text = app.generate_docs(output_format="markdown")
    yield "# Commands"
    yield ""
    yield "Data goes to stdout, words to stderr. The exit code is 0 when done, 1 when the design is invalid or the work failed, 2 for wrong usage, 3"
    yield "where `check` finds that a design cannot be made."
    yield ""
    text = text[re.search(r"^## geom3d ", text, flags=re.MULTILINE).start() :]  # behind the lists of all commands
    yield text.replace(" *[default: False]*", "")


def keys() -> Iterator[str]:
    """Every key of a template."""
    yield "# Keys of a template"
    yield ""
    yield 'Lengths are in µm, or text with a unit such as `"25 nm"`. The parameters of each architecture stand in [](architectures.md);'
    yield "`geom3d new` writes a template with all of this as comments, and editors show it while you write ([how](../how-to/editor.md))."
    put = {"architectures": ", ".join(architectures.names()), "roles": " | ".join(role.value for role in Role)}
    for name, title in TABLES.items():
        yield from ("", f"## {title}", "")
        yield from _table(
            ["key", "meaning"],
            [
                [_code(key if key != "*" else "NAME"), _words(words.format(**put))]
                for key, words in MEANINGS[name].items()
            ],
        )


def of_architectures() -> Iterator[str]:
    """Every architecture with its parameters."""
    yield "# Architectures and their parameters"
    yield ""
    yield "`geom3d describe NAME` prints the same; lengths are in µm, or text with a unit."
    for name, architecture in architectures.DOOR.usable():
        text = (architecture.__doc__ or "").strip()
        yield from ("", f"## {name}", "", _words(text), "")
        heads = ["parameter", "unit", "range", "default", "meaning"]
        yield from _table(heads, [[_code(row[0]), *map(_words, row[1:])] for row in rows(architecture)])
        yield from ("", f"Regions of its own: {_words(', '.join(regions(architecture)))}.")


def numbers() -> Iterator[str]:
    """Every number of the report."""
    yield "# Numbers of the report"
    yield ""
    yield "As `geom3d measure --json` and `Report[...]` give them, by their path; `*` stands for a region, a layer or a pair. What"
    yield "they mean, and how they are found, is told by the [theory](../theory/index.md)."
    for module in metrics.modules():
        title = re.split(r"[.:;]( |$)", (module.__doc__ or "").strip().splitlines()[0])[0]
        request = metrics.request_of(module)
        yield from ("", f"## {title}", "")
        if request is not None:
            yield f"On request: `--request {request.name}`. {_words(request.help)}"
            yield ""
        found = [
            [_code(m.path), _words(m.title), "" if m.unit == "1" else _words(m.unit), _words(m.meaning)]
            for m in module.METRICS
        ]
        yield from _table(["path", "quantity", "unit", "meaning"], found)


def of_materials() -> Iterator[str]:
    """Every shipped material."""
    yield "# Materials"
    yield ""
    yield "`geom3d show NAME` gives the file with the source of each figure, `geom3d cite TEMPLATE` those of a design. Charges are practical ones where"
    yield "known, else theoretical; conductivities ionic, at 25 °C."
    heads = ["name", "material", "formula", "roles", "g/cm³", "mAh/g", "V", "S/cm"]
    found = []
    for name, m in materials.CATALOGUE.usable():
        charge = m.capacity_practical_mAh_g or m.capacity_theoretical_mAh_g
        figures = [m.density_g_cm3, charge, m.potential_V, m.conductivity_S_cm]
        roles = ", ".join(role.value.replace("_", " ") for role in m.roles)
        found.append(
            [
                _code(name),
                _words(m.title),
                _words(m.formula),
                roles,
                *("" if f is None else f"{f:.4g}" for f in figures),
            ]
        )
    yield from ("", *_table(heads, found))


def of_processes() -> Iterator[str]:
    """Every shipped process."""
    yield "# Processes"
    yield ""
    yield "What `geom3d check` holds a design against. The limits are typical values; your own process is a file of the same form, given by its path."
    for name, process in processes.CATALOGUE.usable():
        figures = process.model_dump(mode="json", by_alias=True, exclude={"title", "note", "source"}, exclude_none=True)
        yield from ("", f"## {name}", "", f"{_words(process.title)}. {_words(process.note)}", "")
        yield from _table(["key", "figure"], [[_code(key), _words(str(value))] for key, value in figures.items()])


def of_formats() -> Iterator[str]:
    """Every file format."""
    yield "# File formats"
    yield ""
    yield "`geom3d build TEMPLATE -o DIR --format NAME`, several at once. What each is good for is told in [](../how-to/files.md)."
    for name, exporter in exports.DOOR.usable():
        yield from ("", f"## {name}", "", _words((exporter.__doc__ or "").strip()))


def gallery() -> Iterator[str]:
    """A picture of every shipped template, as `geom3d gallery` draws them."""
    yield "# Gallery"
    yield ""
    yield "One picture per shipped template, drawn by `geom3d gallery`. Each can be measured, changed and built by its name; a table of them with"
    yield "a line on each is in [](../templates.md)."
    yield ""
    yield ":::{image} ../../renders/gallery.png\n:alt: All architectures side by side, each with its own scale bar\n:class: picture\n:::"
    yield ""
    yield "::::::{container} gallery"
    for name, title in template.titles().items():
        if (ROOT / "renders" / f"{name}.png").is_file():
            yield f":::{{figure}} ../../renders/{name}.png\n:alt: {_words(title)}\n\n`{name}`: {_words(title)}\n:::"
    yield "::::::"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "commands": commands,
    "template-keys": keys,
    "architectures": of_architectures,
    "numbers": numbers,
    "materials": of_materials,
    "processes": of_processes,
    "formats": of_formats,
    "gallery": gallery,
}


def _table(heads: list[str], body: list[list[str]]) -> Iterator[str]:
    """A table; its cells are Markdown already."""
    yield "| " + " | ".join(heads) + " |"
    yield "| " + " | ".join("---" for _ in heads) + " |"
    for row in body:
        yield "| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |"


def _code(text: str) -> str:
    return f"`{text}`"


def _words(text: Any) -> str:
    """Words of the program as Markdown, in which nothing but what stands between backticks means more than itself."""
    parts = re.split(r"(`[^`\n]+`)", str(text))
    return "".join(
        part if k % 2 else re.sub(r"([\\*_<>|$#\[\]{}~])", r"\\\1", part) for k, part in enumerate(parts)
    ).replace("\n    ", "\n")
