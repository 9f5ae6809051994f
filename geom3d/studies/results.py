"""What a study has found: a table of its designs, the best of them, and files that hold both."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from geom3d.cell.written import written
from geom3d.core.arrays import BoolArray
from geom3d.core.errors import InputError, OutputError, choose_from
from geom3d.core.files import make_folder, replacing
from geom3d.core.tables import Column, Kind, Table
from geom3d.core.texts import in_csv
from geom3d.studies.meter import numeric
from geom3d.studies.store import Row
from geom3d.studies.study import Branch, Study

#: Most templates of the frontier that are written.
FRONTIER = 50


@dataclass(frozen=True)
class Results(Mapping[str, list[Any]]):
    """The designs of a study as columns: `template`, every key that was varied or derived, every number, `feasible` and `message`.

    A number is None where the design cannot be built (then `message` says why) or has nothing to tell. `feasible` says whether
    a design can be built and keeps to all constraints.

    Attributes:
        study: that was run.
        rows: one for each design.
    """

    study: Study
    rows: tuple[Row, ...] = field(repr=False)

    @classmethod
    def of(cls, study: Study, rows: Sequence[Row]) -> Results:
        """The results of some rows, in their order."""
        return cls(study, tuple(rows))

    @cached_property
    def keys_varied(self) -> list[str]:
        """Paths of all keys that were varied, in the study's order."""
        paths = [axis.path for branch in self.study.branches for axis in branch.axes]
        return list(dict.fromkeys([*paths, *(path for row in self.rows for path in row.chosen)]))

    @cached_property
    def keys_derived(self) -> list[str]:
        """Paths of all keys that were derived."""
        return list(dict.fromkeys(path for branch in self.study.branches for path in branch.derived))

    @cached_property
    def columns(self) -> dict[str, list[Any]]:
        """All columns by name."""
        found: dict[str, list[Any]] = {"template": [row.label for row in self.rows]}
        for path in self.keys_varied:
            found[path] = [_plain(row.chosen.get(path)) for row in self.rows]
        for path in self.keys_derived:
            found[path] = [row.overrides.get(path) for row in self.rows]
        for path in self.study.numbers:
            found[path] = [row.numbers.get(path) for row in self.rows]
        found["feasible"] = self.feasible.tolist()
        found["message"] = [row.message for row in self.rows]
        return found

    def __getitem__(self, name: str) -> list[Any]:
        """A column.

        Raises:
            KeyError: naming the columns that there are.
        """
        if name not in self.columns:
            raise KeyError(f"{name}: unknown; {choose_from(str(name), self.columns)}")
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        good = int(self.feasible.sum())
        return f"<Results {self.study.title!r}: {len(self.rows)} designs, {good} feasible>"

    @cached_property
    def feasible(self) -> BoolArray:
        """(n,) which designs can be built and keep to all constraints."""
        return np.array([row.ok and self.study.keeps(numeric(row)) for row in self.rows], dtype=bool)

    @cached_property
    def ranked(self) -> list[int]:
        """Numbers of the feasible designs that have all objectives, the best first objective first."""
        if not self.study.plan.objectives:
            return []
        scores = self._scores()
        some = [k for k in range(len(self.rows)) if self.feasible[k] and np.isfinite(scores[k]).all()]
        return sorted(some, key=lambda k: (*scores[k], k))

    @cached_property
    def frontier(self) -> list[int]:
        """Numbers of the feasible designs than which none is better in all objectives, the best first objective first."""
        scores, found, least = self._scores(), list[int](), list[Any]()
        for k in self.ranked:  # whatever is better in all is earlier in this order
            if not any((other <= scores[k]).all() for other in least):
                found.append(k)
                least.append(scores[k])
        return found

    def _scores(self) -> Any:
        """(n, objectives) numbers of which less is better; infinite where there is none."""
        table = []
        for row in self.rows:
            line = []
            for path, more in self.study.maximised.items():
                value = row.numbers.get(path)
                # What differs by rounding alone is equal: no design is better by that.
                line.append(
                    math.inf if not isinstance(value, int | float) else float(f"{-value if more else value:.9g}")
                )
            table.append(line)
        return np.array(table, dtype=np.float64).reshape(len(self.rows), len(self.study.plan.objectives))

    @property
    def best(self) -> Row | None:
        """The design that is best by the first objective; None where none is feasible, or nothing is an objective."""
        return self.rows[self.ranked[0]] if self.ranked else None

    def table(self, most: int = 10) -> Table:
        """The frontier, or with one objective the best designs, for people."""
        several = len(self.study.plan.objectives) > 1
        chosen = (self.frontier if several else self.ranked)[:most]
        varied = [path for path in [*self.keys_varied, *self.keys_derived] if path in self.columns]
        many = len(self.study.branches) > 1
        columns = [Column("row", Kind.NUMBERS), *([Column("template")] if many else [])]
        columns += [Column(path, Kind.SIZES) for path in varied]
        columns += [Column(path, Kind.SIZES) for path in self.study.numbers]
        lines = []
        for k in chosen:
            cells = [self.columns[name][k] for name in (*(["template"] if many else []), *varied, *self.study.numbers)]
            lines.append([k + 1, *("" if cell is None else cell for cell in cells)])
        title = "designs of which none is better in all objectives" if several else "the best designs"
        return Table.of(columns, lines, title)

    def template(self, row: Row) -> str:
        """The template of a design, as TOML, ready to be built."""
        numbers = ", ".join(
            f"{path} = {value:.6g}"
            for path, value in row.numbers.items()
            if path in self.study.plan.objectives and isinstance(value, float)
        )
        return written(self.branch(row).original, row.overrides, f"{self.study.title}: {numbers}".rstrip(": "))

    def branch(self, row: Row) -> Branch:
        """The template of the study that a design is made of."""
        return next(branch for branch in self.study.branches if branch.label == row.label)

    def design(self, number: int) -> Any:
        """The design in a row of the table, counted from 0, whole: a `geom3d.Design`.

        Raises:
            InputError: where it cannot be built.
        """
        from geom3d.cell.assembly import assemble
        from geom3d.evaluation import Evaluation

        row = self.rows[number]
        if not row.ok:
            raise InputError(f"design {number}: {row.message}")
        branch = self.branch(row)
        return Evaluation(assemble(branch.original.draft(row.overrides)), branch.label, dict(row.overrides))

    def to_frame(self) -> Any:
        """The table as a pandas data frame, a row for each design.

        Returns:
            a `pandas.DataFrame`.

        Raises:
            OutputError: where pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise OutputError("to_frame: needs pandas: pip install pandas") from None
        return pd.DataFrame(self.columns)

    def to_csv(self) -> str:
        """The table as CSV text."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        for line in zip(*self.columns.values(), strict=True):
            writer.writerow(
                ["" if value is None else in_csv(value) if isinstance(value, str) else value for value in line]
            )
        return text.getvalue()

    def to_json(self) -> str:
        """The table as JSON text: title, objectives, and one object for each design."""
        head = {"title": self.study.title, "objectives": self.study.plan.objectives, "frontier": self.frontier}
        designs = [dict(zip(self.columns, line, strict=True)) for line in zip(*self.columns.values(), strict=True)]
        return json.dumps({**head, "designs": designs}, indent=1, ensure_ascii=False, allow_nan=False)

    def write(self, folder: Path, *, report: bool = True) -> list[Path]:
        """Writes the table, the best designs' templates and a page into a folder.

        Args:
            folder: made if it is missing.
            report: whether a page is written, too.

        Returns:
            paths of the files: results.csv, results.json, results.parquet where pyarrow is installed, best.toml, those of the
            frontier, and report.html.

        Raises:
            OutputError: where a file cannot be written.
        """
        make_folder(folder)
        texts = {"results.csv": self.to_csv(), "results.json": self.to_json()}
        if self.best is not None:
            texts["best.toml"] = self.template(self.best)
        many = len(self.study.plan.objectives) > 1
        for rank, k in enumerate(self.frontier[:FRONTIER] if many else (), 1):
            texts[f"frontier/{rank:02d}.toml"] = self.template(self.rows[k])
        if report:
            from geom3d.studies.report import page

            texts["report.html"] = page(self)
        found = []
        if many and self.frontier:
            make_folder(folder / "frontier")
            for old in (folder / "frontier").glob("[0-9][0-9].toml"):
                if f"frontier/{old.name}" not in texts:
                    old.unlink()
        for name, text in texts.items():
            with replacing(folder / name) as file:
                file.write(text.encode())
            found.append(folder / name)
        return found + self._parquet(folder)

    def _parquet(self, folder: Path) -> list[Path]:
        """The table as Parquet, where pyarrow is installed."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            return []
        columns = {name: _one_type(values) for name, values in self.columns.items()}
        path = folder / "results.parquet"
        with replacing(path) as file:
            pq.write_table(pa.table(columns), file)
        return [path]


def templates_in(folder: Path, most: int = 8) -> list[str]:
    """Paths of the templates of a study's best designs: of its frontier from end to end, or of the best alone.

    Args:
        folder: of the study.
        most: so many at the most.

    Raises:
        InputError: where there are none.
    """
    front = sorted(folder.glob("frontier/[0-9][0-9].toml"))
    if len(front) > most:
        front = [front[round(k * (len(front) - 1) / (most - 1))] for k in range(most)]
    found = front or [path for path in [folder / "best.toml"] if path.is_file()]
    if not found:
        raise InputError(f"{folder}: holds no best.toml, as a study with objectives leaves it; run it again")
    return [str(path) for path in found]


def _plain(value: Any) -> Any:
    """What was chosen, as a table's cell holds it."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key} = {part}" for key, part in value.items())
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _one_type(values: list[Any]) -> list[Any]:
    """A column with texts and numbers is one of texts: Parquet's columns are of one type."""
    mixed = any(isinstance(value, str) for value in values) and not all(
        isinstance(value, str | None) for value in values
    )
    return [None if value is None else str(value) for value in values] if mixed else values
