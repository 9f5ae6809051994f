"""Prints constraints for pip: every dependency that pyproject.toml names in the oldest series that it allows.

`python .ci/lowest.py > lowest.txt`, then `pip install --constraint lowest.txt '.[test]'`; `.ci/run` does so and runs tests with it.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def lowest(requirements: list[str]) -> dict[str, str]:
    """The lower bound of each requirement that has one, by name.

    >>> lowest(["numpy>=2.0", "pyvista[jupyter]>=0.45", "numba>=0.61,<0.63; sys_platform == 'darwin'"])
    {'numpy': '2.0', 'pyvista': '0.45', 'numba': '0.61'}
    """
    found = (re.match(r"([\w.-]+)(?:\[[^]]*\])?>=([\d.]+)", text) for text in requirements)
    return {match[1]: match[2] for match in found if match}


def main() -> None:
    """Prints what the program and its tests need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    bounds = lowest([*project["dependencies"], *project["optional-dependencies"]["test"]])
    print(*(f"{name}=={bound}.*" for name, bound in bounds.items()), sep="\n")


if __name__ == "__main__":
    main()
