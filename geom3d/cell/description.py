"""What is said of a battery beside its geometry: its names, where it was published, and how its numbers are to be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from geom3d.architectures import ParametersBase
from geom3d.core.quantities import Length, convert
from geom3d.core.words import Words

_CONFIG = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
Charge = Annotated[float, BeforeValidator(lambda v: convert(v, "mAh", "a charge")), Field(ge=1e-12, le=1e12)]


def _of_sense(value: float) -> float:
    """Refuses what nothing can be measured against."""
    if not (value == 0 or 1e-30 <= abs(value) <= 1e30):
        raise ValueError("must be 0, or from 1e-30 to 1e30 in size")
    return value


Value = Annotated[float, Field(strict=True), AfterValidator(_of_sense)]
Voltage = Annotated[float, BeforeValidator(lambda v: convert(v, "V", "a voltage")), Field(ge=1e-3, le=10)]
Extent = Annotated[Length, Field(gt=0)]


class Published(BaseModel):
    """A published value to compare with.

    Attributes:
        metric: path of the metric, such as `area_gain.scaffold`.
        value: in the metric's unit.
        note: what to know about it.
        chosen: the free dimension of the template that was chosen to give this value; empty for none. Such a comparison
            is circular: it tells that the arithmetic is right, and nothing of the device.
        reason: why the measured number is far from it, where it is.
    """

    model_config = _CONFIG

    metric: Words
    value: Value
    note: Words = ""
    chosen: Words = ""
    reason: Words = ""


class Device(BaseModel):
    """A device: outer dimensions, without the thickness where that is open, and its data-sheet figures where they are known.

    Attributes:
        width, length, thickness: µm.
        margin: along all edges, where there is no battery, µm.
        capacity, voltage: of the data sheet, mAh and V.
    """

    model_config = _CONFIG

    width: Extent
    length: Extent
    thickness: Extent | None = None
    margin: Annotated[Length, Field(ge=0)] = 0.0
    capacity: Charge | None = None
    voltage: Voltage | None = None

    @model_validator(mode="after")
    def _some_left(self) -> Self:
        if 2 * self.margin >= min(self.width, self.length):
            raise ValueError(f"margin of {self.margin:g} µm on all sides leaves nothing of the device")
        return self

    @property
    def inner(self) -> tuple[float, float]:
        """Width and length within the margin, µm."""
        return self.width - 2 * self.margin, self.length - 2 * self.margin


@dataclass(frozen=True)
class Description:
    """What a cell carries of its template for all that follows; nothing of it changes the geometry.

    Attributes:
        name: by which files and tables go.
        title, source, note: what the battery is, and where that was published.
        architecture: name of the architecture; empty for a cell made by hand.
        parameters: of the architecture, µm; None for a cell made by hand.
        repeat: unit cells in x and y; no number per footprint depends on it.
        capacity_basis: "practical" or "theoretical".
        device: the packaged device, if any.
        published: values to compare with.
        settings: all that was asked for, as plain values for JSON: the template with its defaults.
    """

    name: str = "cell"
    title: str = "cell"
    source: str = ""
    note: str = ""
    architecture: str = ""
    parameters: ParametersBase | None = None
    repeat: tuple[int, int] = (1, 1)
    capacity_basis: str = "practical"
    device: Device | None = None
    published: tuple[Published, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def lengths(self) -> dict[str, Any]:
        """The architecture's parameters by name; lengths in µm."""
        return {} if self.parameters is None else self.parameters.model_dump()
