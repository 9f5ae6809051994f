"""Rules that hold for the code as a whole."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "geom3d"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: The way data flows; a module may import from its own line and the lines above.
ORDER = [
    ["errors", "roles"],
    ["walls", "quantities", "validation", "progress", "compiled"],
    ["kernels"],
    ["nearest", "volume"],
    ["solids", "connectivity", "materials", "processes"],
    ["manifold", "sections"],
    ["scene"],
    ["cell"],
    ["architectures"],
    ["describe", "template"],
    ["assembly"],
    ["distance", "voxels"],
    ["transport"],
    ["closed_form", "metrics", "islands", "masks", "slices"],
    ["report"],
    ["printing"],
    ["exports"],
    ["api"],
    ["verify", "compare", "render"],
    ["console"],
    ["cli"],
    ["__main__"],
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Parts of the package that a file imports when it is run, whatever the function the import stands in."""
    found: set[str] = set()

    class Visitor(ast.NodeVisitor):
        def visit_If(self, node):
            if "TYPE_CHECKING" not in ast.unparse(node.test):
                self.generic_visit(node)

        def visit_ImportFrom(self, node):
            names = [node.module] if node.module != "geom3d" else [f"geom3d.{alias.name}" for alias in node.names]
            found.update(name.split(".")[1] for name in names if name and name.startswith("geom3d."))

        def visit_Import(self, node):
            found.update(a.name.split(".")[1] for a in node.names if a.name.startswith("geom3d."))

    Visitor().visit(ast.parse(path.read_text("utf-8")))
    return found - {"__version__"}


@pytest.mark.parametrize("path", [p for p in MODULES if p != PACKAGE / "__init__.py"], ids=lambda p: p.stem)
def test_imports_follow_the_flow_of_data(path):
    assert part_of(path) in RANK, f"give {path.name} its place in ORDER"
    for name in imports(path):
        assert RANK[name] <= RANK[part_of(path)], f"{path.name} imports {name}, against the flow"


@pytest.mark.parametrize("path", [*MODULES, *sorted((ROOT / "tests").glob("*.py"))], ids=lambda p: p.name)
def test_files_stay_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_no_machine_path_or_registry_is_named():
    suspicious = re.compile(r"/(root|home|work|tmp)/\w|python" + r"hosted|pypi\." + r"org|npm" + r"js")
    for path in [*ROOT.glob("*.*"), *MODULES, *(ROOT / "templates").glob("*"), *PACKAGE.glob("*/*.toml")]:
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt"}:
            assert not suspicious.search(path.read_text("utf-8")), path
