"""Checkouts of geom3d and how to run Python in them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: One thread of BLAS and one order of sets: sums come out the same in every run, and times do not hang on other work.
STEADY = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Checkout:
    """A folder that holds `geom3d/` and `templates/`, and the Python that runs it.

    Attributes:
        folder: of the checkout.
        python: has its dependencies.
    """

    folder: Path
    python: str

    def _environment(self) -> dict[str, str]:
        """The environment in which `import geom3d` finds this checkout, whatever is installed."""
        return {**os.environ, **STEADY, "PYTHONPATH": str(self.folder), "PYTHONUNBUFFERED": "1"}

    def start(self, *words: str, **how: Any) -> subprocess.Popen[str]:
        """Starts a command of its Python in its folder: what stands there goes before what is installed."""
        return subprocess.Popen(  # noqa: S603
            [self.python, *words], cwd=self.folder, env=self._environment(), encoding="utf-8", **how
        )

    def run(self, *words: str) -> None:
        """Runs a command of its Python to its end; ends this process with what it wrote where it fails."""
        process = self.start(*words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        written, _ = process.communicate()
        if process.returncode:
            sys.exit(f"{self.folder}: {' '.join(words)}: failed\n{written}")

    def templates(self) -> list[str]:
        """Names of its shipped templates."""
        return sorted(path.stem for path in (self.folder / "templates").glob("*.toml"))

    def key(self) -> str:
        """A hash of all files that it runs: two checkouts of one state have the same, a changed file gives another."""
        content = hashlib.sha256(self.python.encode())
        for part in ("geom3d", "templates"):
            for path in sorted((self.folder / part).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    content.update(f"{path.relative_to(self.folder)}\0".encode())
                    content.update(path.read_bytes() + b"\0")
        return content.hexdigest()

    def commit(self) -> str:
        """Its commit for people, with a + where files were changed since; empty where git does not know it."""
        words = ("git", "-C", str(self.folder))
        found = [
            subprocess.run([*words, *rest], capture_output=True, encoding="utf-8", check=False)  # noqa: S603
            for rest in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "--", "geom3d", "templates"))
        ]
        if any(part.returncode for part in found):
            return ""
        return found[0].stdout.strip() + ("+" if found[1].stdout.strip() else "")


def checkout(folder: str | Path, python: str | None) -> Checkout:
    """The checkout in a folder; ends the process where there is none."""
    path = Path(folder).resolve()
    if not (path / "geom3d" / "__init__.py").is_file() or not (path / "templates").is_dir():
        sys.exit(f"{folder}: no checkout of geom3d, which has the folders geom3d and templates")
    return Checkout(path, python or sys.executable)


def require_known(given: Sequence[str], valid: Sequence[str], kind: str) -> list[str]:
    """The given names, all of the valid ones if none is given; ends the process at an unknown one."""
    unknown = [name for name in given if name not in valid]
    if unknown:
        sys.exit(f"{kind}: unknown {', '.join(unknown)}; valid: {', '.join(valid)}")
    return list(given or valid)
