"""Products to hold designs against: thin-film batteries on sale, with the size and the charge of their data sheets."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from geom3d.core.quantities import Length, convert
from geom3d.library.catalogue import read_toml

Extent = Annotated[Length, Field(gt=0)]
Charge = Annotated[float, BeforeValidator(lambda v: convert(v, "mAh", "a charge")), Field(gt=0)]
Voltage = Annotated[float, BeforeValidator(lambda v: convert(v, "V", "a voltage")), Field(gt=0, le=10)]


class Product(BaseModel):
    """A battery on sale.

    Attributes:
        name, maker: of it.
        width, length, thickness: outer size, µm.
        capacity: mAh.
        voltage: V; None where the data sheet gives none.
        source: where the figures stand.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    maker: str
    width: Extent
    length: Extent
    thickness: Extent
    capacity: Charge
    voltage: Voltage | None = None
    source: str

    @property
    def capacity_uAh_cm2(self) -> float:
        """Charge over the outer area."""
        return 1000 * self.capacity / (self.width * self.length / 1e8)

    @property
    def energy_mWh_cm3(self) -> float | None:
        """Energy over the outer volume; None without a voltage."""
        if self.voltage is None:
            return None
        return self.capacity * self.voltage / (self.width * self.length * self.thickness / 1e12)

    @property
    def title(self) -> str:
        """Maker and name."""
        return f"{self.maker} {self.name}"


@cache
def products() -> tuple[Product, ...]:
    """All products that are known, in the order of their file.

    >>> round(products()[0].capacity_uAh_cm2, 1)
    106.0
    """
    file = files("geom3d.library") / "products.toml"
    return tuple(Product.model_validate(entry) for entry in read_toml(file.read_text("utf-8"), file.name)["product"])
