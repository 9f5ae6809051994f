"""Matplotlib as geom3d uses it: the same on every machine, and words stay words."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def drawing(**look: Any) -> Iterator[None]:
    """Settings for a drawing, whatever the user's own are.

    Text is never a formula: what stands between two dollars may be anything. Letters that no font here has are drawn as boxes.

    Args:
        look: further settings by matplotlib's names, dots as double underscores.
    """
    from matplotlib import style

    own = {key.replace("__", "."): value for key, value in look.items()}
    with warnings.catch_warnings(), style.context(["default", {"text.parse_math": False, **own}]):
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from (current )?font", UserWarning)
        yield
