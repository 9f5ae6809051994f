"""Settings of the documentation: `sphinx-build --fail-on-warning docs build/docs`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# These pages are of this checkout, whatever is installed; notebooks run in processes of their own.
sys.path[:0] = [str(ROOT), str(HERE)]
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])

import _pages  # noqa: E402

import geom3d  # noqa: E402

project = "geom3d"
author = "the geom3d developers"
project_copyright = f"2026, {author}"
version = release = geom3d.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton"]
exclude_patterns = ["_build"]
smartquotes = False  # options begin with two hyphens
default_role = "code"

myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_inline"]
myst_heading_anchors = 4
myst_links_external_new_tab = True
# Notebooks are stored without results and run anew each time; an error in one is an error of the pages.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_use_ivar = True
napoleon_custom_sections = [("Yields", "returns_style")]
python_maximum_signature_line_length = 100

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"geom3d {version}"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_show_sphinx = False
html_theme_options = {
    "sidebar_hide_name": False,
    "light_css_variables": {"color-brand-primary": "#1b5e86", "color-brand-content": "#1b5e86"},
    "dark_css_variables": {"color-brand-primary": "#7cc0ea", "color-brand-content": "#7cc0ea"},
}
copybutton_exclude = ".linenos, .gp, .go"


def math(writer: Any, node: Any) -> None:
    """Writes an equation as MathML, which browsers draw themselves: no script, nothing loaded."""
    block = isinstance(node, nodes.math_block)
    writer.body.append(tex2mathml(node.astext(), as_block=block))
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Writes the pages that are read off the program before any is read."""
    app.connect("builder-inited", lambda _: _pages.write(HERE / "generated"))
    app.add_html_math_renderer("mathml", (math, None), (math, None))
