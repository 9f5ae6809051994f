"""HTML from templates. What is filled in is text, never markup: whoever means markup says so (`markupsafe.Markup`)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def render(package: str, name: str, **values: Any) -> str:
    """The HTML of a template.

    Args:
        package: whose folder `assets` holds it.
        name: of its file.
        values: what it may use, by name.

    Raises:
        jinja2.TemplateNotFound: where there is no such file.
        jinja2.UndefinedError: where the template uses what it was not given.
    """
    return _environment(package).get_template(name).render(values)


@cache
def _environment(package: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Lines that hold nothing but an instruction leave no trace.
    look: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True}
    return Environment(loader=PackageLoader(package, "assets"), autoescape=True, undefined=StrictUndefined, **look)
