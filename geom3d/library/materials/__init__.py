"""Materials: one TOML file each, with the figures that metrics use and where they come from.

The file is named as the material is; its keys are the attributes of `Material`:

    title = "Lithium cobalt oxide"
    formula = "LiCoO2"
    roles = ["cathode"]
    density_g_cm3 = 5.05
    capacity_practical_mAh_g = 137
    potential_V = 3.9
    colour = "#1b6b8f"
    source = "doi:…"

A material of this folder is found by its name. A user's own is a file of the same form beside the template, or a table
`[materials.NAME]` in it. Another distribution puts its files in a package and registers that:

    [project.entry-points."geom3d.materials"]
    battery_plugin = "battery_plugin.materials"
"""

from __future__ import annotations

import math
import re
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from geom3d.core.roles import Role
from geom3d.library.catalogue import Catalogue

#: mAh per mol of electrons: Faraday's constant, 96485.33 C/mol (CODATA 2018), over 3.6 C/mAh.
FARADAY_MAH_PER_MOL = 26801.48

#: Boltzmann's constant, eV/K (CODATA 2018); 0 °C in K; temperature of the materials' conductivities, °C.
BOLTZMANN_EV_PER_K, ZERO_CELSIUS, CELSIUS = 8.617333262e-5, 273.15, 25.0

Text = Annotated[str, StringConstraints(min_length=1)]
#: Far beyond anything real; a number past these is a slip of the pen.
Density = Annotated[float, Field(strict=True, gt=0, le=100)]
Charge = Annotated[float, Field(strict=True, gt=0, le=1e5)]
Potential = Annotated[float, Field(strict=True, ge=-10, le=10)]
Conductivity = Annotated[float, Field(strict=True, gt=0, le=1e3)]
Energy = Annotated[float, Field(strict=True, gt=0, le=10)]


def _six_digits(colour: object) -> object:
    """A colour of three digits, such as #c00, as one of six."""
    short = isinstance(colour, str) and re.fullmatch("#[0-9a-fA-F]{3}", colour)
    return "#" + "".join(2 * digit for digit in str(colour)[1:]) if short else colour


class Material(BaseModel):
    """A material.

    Attributes:
        title: plain name.
        formula: chemical formula.
        roles: the roles it can take.
        aliases: other names by which it is found.
        density_g_cm3: mass density.
        capacity_theoretical_mAh_g, capacity_practical_mAh_g: charge per mass of an electrode.
        potential_V: mean potential against Li/Li⁺.
        conductivity_S_cm: ionic conductivity at 25 °C.
        activation_energy_eV: of the ionic conductivity.
        colour: for pictures, `#rrggbb`.
        source: where the figures come from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    title: Text
    formula: str = ""
    roles: tuple[Role, ...] = ()
    aliases: tuple[str, ...] = ()
    density_g_cm3: Density | None = None
    capacity_theoretical_mAh_g: Charge | None = None
    capacity_practical_mAh_g: Charge | None = None
    potential_V: Potential | None = None
    volume_change_percent: str | None = None
    electronic_conductivity_S_cm: str | None = None
    lithium_per_formula: str | None = None
    conductivity_S_cm: Conductivity | None = None
    activation_energy_eV: Energy | None = None
    kind: str | None = Field(default=None, alias="class")
    colour: Annotated[str, BeforeValidator(_six_digits), StringConstraints(pattern="^#[0-9a-fA-F]{6}$")] = "#999999"
    source: Text = "user"
    note: str = ""

    def capacity_uAh_cm2_um(self, basis: str) -> float:
        """Charge per footprint and thickness of the dense material, µAh/cm²/µm.

        mAh/g × g/cm³ is mAh/cm³, and 1 cm² × 1 µm is 1e-4 cm³: a tenth of it in µAh.

        Args:
            basis: "practical" or "theoretical".
        """
        charge = self.capacity_practical_mAh_g if basis == "practical" else self.capacity_theoretical_mAh_g
        if charge is None or self.density_g_cm3 is None:
            raise ValueError(f"material {self.title!r} has no {basis} capacity or no density")
        return charge * self.density_g_cm3 / 10

    def conductivity_at(self, celsius: float) -> float | None:
        """Ionic conductivity at a temperature, S/cm, by Arrhenius' law from that at 25 °C; None where a figure is missing.

        >>> lipon = find("lipon")
        >>> round(lipon.conductivity_at(60) / lipon.conductivity_at(25), 2)
        9.48
        """
        if self.conductivity_S_cm is None or celsius == CELSIUS:
            return self.conductivity_S_cm
        if self.activation_energy_eV is None:
            return None
        inverse = 1 / (celsius + ZERO_CELSIUS) - 1 / (CELSIUS + ZERO_CELSIUS)
        return self.conductivity_S_cm * math.exp(-self.activation_energy_eV / BOLTZMANN_EV_PER_K * inverse)

    @property
    def usual_uAh_cm2_um(self) -> float:
        """Practical charge per footprint and thickness, theoretical where that is all there is, µAh/cm²/µm; else 0."""
        charge = self.capacity_practical_mAh_g or self.capacity_theoretical_mAh_g or 0.0
        return charge * (self.density_g_cm3 or 0.0) / 10


#: The materials: those that come with geom3d, and those of distributions that have entry points `geom3d.materials`.
CATALOGUE = Catalogue("material", Material, lambda: files(__name__), "geom3d.materials")


def shipped() -> list[str]:
    """Names of the materials that come with geom3d."""
    return list(CATALOGUE.shipped)


def names() -> list[str]:
    """Names of all materials: those that come with geom3d, and those of other distributions."""
    return CATALOGUE.names


def find(name: str) -> Material | None:
    """The material of that name or alias, or None. Case matters: tin is a metal, TiN a nitride.

    Raises:
        InputError, PluginError: where its file has a wrong form.
    """
    return CATALOGUE.find(name)


def find_shipped(name: str) -> Material | None:
    """The material of that name or alias that comes with geom3d, or None."""
    return CATALOGUE.find_shipped(name)


def fitting(role: Role) -> dict[str, Material]:
    """The materials that can take a role, by name."""
    return {name: material for name, material in CATALOGUE.usable() if role in material.roles}
