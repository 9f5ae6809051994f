"""Designs side by side: a page for the browser, or Markdown, CSV, JSON and Excel for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from geom3d import rendering
from geom3d.comparison import tables
from geom3d.comparison.summary import Parts, Summary, gather, titles
from geom3d.core.errors import InputError, choose_from
from geom3d.core.files import make_folder, replacing
from geom3d.evaluation import Evaluation
from geom3d.library.products import Product
from geom3d.library.products import products as known
from geom3d.scene.stage import NO_OPENGL

#: Endings of files.
FORMS = ("csv", "html", "json", "md", "tex", "xlsx")
#: Forms that machines read: designs go by the names of their templates there.
MACHINES = ("csv", "json")


def compare(
    designs: Sequence[Evaluation],
    path: Path,
    *,
    charts: Path | None = None,
    pictures: bool = True,
    workers: int = 1,
    rows: Sequence[str] = (),
    labels: Sequence[str] = (),
    products: bool = False,
) -> list[str]:
    """Writes the comparison; the ending of the path chooses the form.

    Args:
        designs: in the order of the comparison; the first is the reference.
        path: of the file: .html, .md, .csv, .json, .xlsx or .tex; its folder is made if it is missing.
        charts: a folder for the charts as separate files; made if it is missing.
        pictures: whether a page shows pictures.
        workers: processes that share the work. Scripts that ask for several need a `__main__` guard, as with all of
            Python's process pools.
        rows: paths of the numbers to show, in this order; `capacity_uAh_cm2.*` and `capacity_uAh_cm2` mean all below; all
            numbers if empty, in LaTeX the key figures. JSON holds the reports whole.
        products: whether charts show thin-film batteries on sale, too.
        labels: what the designs are called, one for each; their titles if empty, in files for machines their names.

    Returns:
        sentences that the user must know: what could not be done.

    Raises:
        InputError: where the ending is unknown, or a design cannot be built.
        OutputError: where a file cannot be written.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise InputError(f"output: unknown ending {path.suffix!r} of {path.name!r}; {choose_from(form, FORMS)}")
    if products and form != "html" and charts is None:
        raise InputError(f"products: stand in charts, which {path.name!r} has none of; write a page (.html), or charts")
    if labels and (len(labels) != len(designs) or len(set(labels)) < len(labels)):
        raise InputError(
            f"labels: must be one for each of the {len(designs)} designs, all different; got {len(labels)}"
        )
    make_folder(path.parent)
    notes = []
    if form == "html" and pictures and not rendering.has_opengl():
        pictures = False
        notes.append(f"no pictures: {NO_OPENGL}")
    page = form == "html"
    summaries = gather(designs, Parts(pictures=page and pictures, models=page), workers)
    notes += [note for each in summaries for note in each.notes]
    if labels or form not in MACHINES:
        names = labels or titles(designs)
        summaries = [replace(entry, label=name) for entry, name in zip(summaries, names, strict=True)]
    if rows:
        tables.require_rows(summaries, rows)
        summaries = [replace(entry, rows=tuple(rows)) for entry in summaries]
    beside = known() if products else ()
    _write(summaries, path, form, notes, beside)
    if charts is not None:
        from geom3d.comparison.charts import write_charts

        write_charts(summaries, charts, beside)
    return notes


def _write(
    summaries: Sequence[Summary], path: Path, form: str, notes: Sequence[str], products: Sequence[Product]
) -> None:
    """Writes the file of a form."""
    from geom3d.comparison import texts

    if form == "xlsx":
        from geom3d.comparison.sheets import workbook

        data = workbook(summaries)
    elif form == "html":
        from geom3d.comparison.page import page

        data = page(summaries, notes, products).encode()
    else:
        forms = {"md": texts.markdown, "csv": texts.comma_separated, "json": texts.as_json, "tex": texts.latex}
        data = forms[form](summaries).encode()
    with replacing(path) as file:
        file.write(data)
