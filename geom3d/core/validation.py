"""Turns pydantic's findings into one or two lines: key, rule, value, valid options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from geom3d.core.errors import choose_from
from geom3d.core.texts import on_screen

_RULES = {
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "missing": "is missing",
    "finite_number": "must be a finite number",
    "too_long": "must have at most {max_length} entries",
    "string_unicode": "must be text that UTF-8 can hold",
    "string_type": "must be text in quotes",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} entries",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}


#: What the patterns of texts mean, by key.
_NAME = 'must be a name without any of | / \\ . = "'
_PATTERNS = {"name": _NAME, "region": _NAME, "colour": "must be a colour such as #1f77b4"}


def explain(error: ValidationError, model: type[BaseModel], data: Any, prefix: str) -> str:
    """One line for the first finding, and how many more there are.

    Args:
        error: what pydantic found.
        model: the model that was validated.
        data: what was given; entries of lists are called by their name where they have one.
        prefix: path of `data` in the template, "" for all of it.
    """
    findings = error.errors(include_url=False)
    first = findings[0]
    place: list[str] = [prefix] if prefix else []
    here = data
    for key in first["loc"]:
        if not isinstance(here, Mapping | list | tuple) or (isinstance(key, str) and not isinstance(here, Mapping)):
            continue  # which of several types was tried: no key of the user's
        inner = _step(here, key)
        label = inner.get("name") if isinstance(key, int) and isinstance(inner, Mapping) else None
        place.append(label if isinstance(label, str) and label else str(key))
        here = inner
    context = first.get("ctx", {})
    kind = first["type"]
    value = first["input"]
    if kind == "extra_forbidden":
        place, key = place[:-1], place[-1]
        path = ".".join([*place, key])
        message = f"{path}: unknown key; {choose_from(key, fields_of(model, first['loc'][:-1]))}"
    else:
        if kind == "string_pattern_mismatch":
            rule = _PATTERNS.get(str(first["loc"][-1]), f"must match {context['pattern']}")
        elif kind == "value_error":
            rule = str(context["error"])
        elif kind in _RULES:
            rule = _RULES[kind].format(**context)
        else:
            rule = first["msg"][:1].lower() + first["msg"][1:]
        shown = "" if kind == "missing" or isinstance(value, Mapping) else f"; got {_short(value)}"
        message = f"{'.'.join(place) or 'template'}: {rule}{shown}"
    more = len(findings) - 1
    return on_screen(message) + (
        f"\n(and {more} more {'finding' if more == 1 else 'findings'} of this kind)" if more else ""
    )


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write whole numbers of more than 4300 digits
        return "a number of very many digits"
    return text if len(text) <= 80 else text[:77] + "…"


def _step(data: Any, key: int | str) -> Any:
    if isinstance(key, int) and isinstance(data, list | tuple) and key < len(data):
        return data[key]
    return data.get(key) if isinstance(data, Mapping) else None


def fields_of(model: type[BaseModel], location: tuple[int | str, ...] = ()) -> list[str]:
    """Names of the keys that a user may give at a location below `model`."""
    for key in location:
        if not isinstance(key, str) or key not in model.model_fields:
            continue
        inner = _model_in(model.model_fields[key].annotation)
        if inner is not None:
            model = inner
    hidden = {"name", "user_materials"} if "user_materials" in model.model_fields else set()
    return [field.alias or name for name, field in model.model_fields.items() if name not in hidden]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
