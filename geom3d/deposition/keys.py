"""What a template says of a film's process: the table `step_coverage` of a layer."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geom3d.core.errors import InputError
from geom3d.library.processes import LEAST_STICKING, Process, load_process


class StepCoverage(BaseModel):
    """How the thickness of a coat follows from its process.

    Attributes:
        sticking: probability that a molecule stays where it hits.
        process: instead of it, name of a process, or path of a TOML file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sticking: Annotated[float, Field(ge=LEAST_STICKING, le=1)] | None = None
    process: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.sticking is None) == (self.process is None):
            raise ValueError("needs either sticking (a probability) or process (a name such as sputter), and not both")
        return self

    def probability(self, key: str) -> float:
        """The sticking probability.

        Raises:
            InputError: naming the key, for a process that is none, deposits nothing, or of which it is not known.
        """
        if self.process is None:
            assert self.sticking is not None  # one of the two
            return self.sticking
        try:
            return sticking_of(*load_process(self.process))
        except InputError as error:
            raise InputError(f"{key}.{error}") from None


def sticking_of(name: str, process: Process) -> float:
    """The sticking probability with which a process deposits.

    Raises:
        InputError: a process that deposits nothing, or of which it is not known.
    """
    found = process.sticking_probability
    if found is None:
        reason = (
            "deposits no film"
            if process.family != "deposition"
            else "has no sticking probability of its own, which depends on precursor, surface and temperature"
        )
        raise InputError(
            f"process: {name!r} {reason}; give the sticking probability instead, from {LEAST_STICKING:g} to 1"
        )
    return found
