"""Rules that hold for the code as a whole."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "geom3d"
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_no_machine_path_or_registry_is_named():
    suspicious = re.compile(r"/(root|home|work|tmp)/\w|python" + r"hosted|pypi\." + r"org|npm" + r"js")
    for path in [*ROOT.glob("*.*"), *MODULES, *(ROOT / "templates").glob("*"), *PACKAGE.glob("*/*.toml")]:
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt"}:
            assert not suspicious.search(path.read_text("utf-8")), path


def test_only_the_command_line_speaks_of_its_flags():
    flag = re.compile(r"(^|[\s`'(\"])--[a-z]")
    for path in MODULES:
        if PACKAGE / "cli" in path.parents:
            continue
        texts = [n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)]
        assert [text for text in texts if isinstance(text, str) and flag.search(text)] == [], path
