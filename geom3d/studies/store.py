"""What is known of a study's designs: one SQLite file, one row for each, keyed by what was asked of which template.

Rows are written as they come in and never change. So a run that is ended at any moment goes on where it was, and several
runs may fill one store: whichever finishes a design first, its row stays.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geom3d._version import __version__
from geom3d.core.errors import InputError, OutputError

#: Seconds that a write waits for another run's.
PATIENCE = 60.0
#: Name of the file in a study's folder.
FILE = "study.sqlite"


@dataclass(frozen=True)
class Row:
    """What is known of a design.

    Attributes:
        key: of the design, see `key_of`.
        label: of its template in the study.
        chosen: what was varied, by path.
        overrides: all that was changed, by path.
        numbers: by path; None where there is nothing to tell. Empty where the design cannot be built.
        message: why it cannot be built; empty where it can.
        seconds: that it took.
    """

    key: str
    label: str
    chosen: Mapping[str, Any]
    overrides: Mapping[str, Any]
    numbers: Mapping[str, float | str | None]
    message: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the design can be built."""
        return not self.message


def key_of(content: Mapping[str, Any], numbers: Iterable[str], extra: Any = None) -> str:
    """The key of a design: of its whole template, what is asked of it, and this version.

    Args:
        content: of the template, with all changes.
        numbers: paths of what is asked.
        extra: what else the numbers depend on.
    """
    text = json.dumps([__version__, content, sorted(numbers), extra], sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Store:
    """The rows of a study in a file.

    Args:
        path: of the file; made if it is missing.
        signature: of the study; rows of another are refused.
        title: of the study, for errors.

    Raises:
        InputError: where the file holds another study, or is none.
        OutputError: where it cannot be written.
    """

    def __init__(self, path: Path, signature: str, title: str = "") -> None:
        self.path = path
        with self._errors():
            self._connection = sqlite3.connect(path, timeout=PATIENCE)
            self._connection.execute("PRAGMA synchronous = NORMAL")
            with self._connection as file:
                file.execute("CREATE TABLE IF NOT EXISTS study (key TEXT PRIMARY KEY, value TEXT)")
                file.execute(
                    "CREATE TABLE IF NOT EXISTS designs (key TEXT PRIMARY KEY, label TEXT, chosen TEXT, overrides TEXT, "
                    "numbers TEXT, message TEXT, seconds REAL)"
                )
                given = {"signature": signature, "title": title}
                file.executemany("INSERT OR IGNORE INTO study VALUES (?, ?)", given.items())
            known = dict(self._connection.execute("SELECT key, value FROM study"))
        if known.get("signature") != signature:
            self.close()
            raise InputError(
                f"store {str(path)!r}: holds another study ({known.get('title') or 'without a title'}): templates, what is "
                "fixed or derived, or the numbers differ; take another folder"
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            words = str(error)
            if "not a database" in words or "malformed" in words:
                raise InputError(f"store {str(self.path)!r}: is no store of a study, or damaged ({words})") from None
            raise OutputError(f"store {str(self.path)!r}: cannot be written: {words}") from None

    def add(self, rows: Iterable[Row]) -> None:
        """Writes rows, all or none; one that is there already stays."""
        values = [
            (
                row.key,
                row.label,
                json.dumps(row.chosen, default=str),
                json.dumps(row.overrides, default=str),
                json.dumps(row.numbers),
                row.message,
                row.seconds,
            )
            for row in rows
        ]
        with self._errors(), self._connection as file:
            file.executemany("INSERT OR IGNORE INTO designs VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def known(self, keys: Iterable[str]) -> set[str]:
        """Which of these designs have a row."""
        wanted = set(keys)
        with self._errors():
            return {key for (key,) in self._connection.execute("SELECT key FROM designs") if key in wanted}

    def rows(self, keys: Iterable[str]) -> dict[str, Row]:
        """The rows of these designs by key, as far as there are any."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Row] = {}
        with self._errors():
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                marks = ", ".join("?" * len(part))
                query = f"SELECT * FROM designs WHERE key IN ({marks})"  # noqa: S608 (marks only)
                for key, label, chosen, overrides, numbers, message, seconds in self._connection.execute(query, part):
                    found[key] = Row(
                        key, label, json.loads(chosen), json.loads(overrides), json.loads(numbers), message, seconds
                    )
        return found

    def count(self) -> int:
        """How many rows there are."""
        with self._errors():
            return int(self._connection.execute("SELECT COUNT(*) FROM designs").fetchone()[0])

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()
