"""One turnable model that stands in another page, such as a notebook: complete in itself, in a frame of its own."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from functools import cache

from geom3d.comparison.model import Model
from geom3d.comparison.page import asset, viewer_library
from geom3d.core.markup import render

#: Pixels of the model's height, and of what stands below it.
HEIGHT, BELOW = 380, 130


def framed(model: Model, title: str) -> str:
    """A frame with the model in it, as HTML; it loads nothing, and reaches nothing of the page around it.

    Args:
        model: to be turned.
        title: what a reader that sees no picture is told.
    """
    from markupsafe import Markup

    three, viewer = _program()
    packed = _packed(json.dumps(model.to_json(), separators=(",", ":")))
    inner = render(
        "geom3d.comparison", "single.html", title=title, height=HEIGHT, three=three, viewer=viewer, model=packed
    )
    # Markup.format escapes: the inner page is an attribute's text.
    frame = Markup(
        '<iframe title="{}" srcdoc="{}" sandbox="allow-scripts" loading="lazy" '
        'style="width:100%;max-width:900px;height:{}px;border:1px solid #8884;border-radius:6px;background:#fff"></iframe>'
    )
    return str(frame.format(title, inner, HEIGHT + BELOW))


@cache
def _program() -> tuple[str, str]:
    """three.js and the viewer, packed."""
    return _packed(viewer_library()), _packed(asset("viewer.js"))


def _packed(text: str) -> str:
    """Text that needs a quarter of the room; the same text gives the same bytes."""
    return b64encode(gzip.compress(text.encode(), mtime=0)).decode()
