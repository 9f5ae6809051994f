"""Types of texts in the models of templates, materials, processes and studies; see `geom3d.core.texts`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from geom3d.core.texts import words

#: Characters of a name, at most.
LONGEST_NAME = 60
#: Words of a user, in one line.
Words = Annotated[str, AfterValidator(words)]
#: The same, and not empty.
Text = Annotated[str, StringConstraints(min_length=1), AfterValidator(words)]
#: Names go into file names, JSON keys ("a|b") and override paths ("layers.NAME.thickness").
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^|/\\.\x00-\x1f\"=]+$"),
    AfterValidator(words),
]
