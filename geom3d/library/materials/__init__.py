"""Materials: one TOML file each, with the figures that metrics use and where they come from.

The file is named as the material is; its keys are the attributes of `Material`:

    title = "Lithium cobalt oxide"
    formula = "LiCoO2"
    roles = ["cathode"]
    density_g_cm3 = 5.05
    capacity_practical_mAh_g = 137
    lithiated = 1
    potential_V = 3.9
    colour = "#1b6b8f"
    source = "doi:…"

A source says how far it was followed: behind each DOI of the materials that come with geom3d stands what was read, in brackets:

- `abstract`: the abstract has the figure;
- `as listed in OBELiX`: the collection of conductivities of that name (github.com/NRC-Mila/OBELiX, with the lists by Laskowski and
  Hargreaves in it) gives the figure for that paper, which was not read itself;
- `as quoted elsewhere`: another text quotes the figure from that paper;
- `number not confirmed`: the paper is known, that the DOI is its own is not; `not confirmed`: nor is the figure.

A material of this folder is found by its name. A user's own is a file of the same form beside the template, or a table
`[materials.NAME]` in it. Another distribution puts its files in a package and registers that:

    [project.entry-points."geom3d.materials"]
    battery_plugin = "battery_plugin.materials"
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from geom3d.core.errors import choose_from
from geom3d.core.roles import COLLECTOR, Role
from geom3d.core.words import Text, Words
from geom3d.library.catalogue import Catalogue

#: mAh per mol of electrons: Faraday's constant, 96485.33 C/mol (CODATA 2018), over 3.6 C/mAh.
FARADAY_MAH_PER_MOL = 26801.48

#: Boltzmann's constant, eV/K (CODATA 2018); 0 °C in K; temperature of the materials' conductivities, °C.
BOLTZMANN_EV_PER_K, ZERO_CELSIUS, CELSIUS = 8.617333262e-5, 273.15, 25.0

#: The figures of a material that a source may be named for, and what tables call them.
FIGURES = {
    "density_g_cm3": "density",
    "capacity_theoretical_mAh_g": "theoretical charge",
    "capacity_practical_mAh_g": "practical charge",
    "utilisation": "utilisation",
    "lithiated": "lithium as made",
    "potential_V": "potential",
    "volume_change_percent": "volume change",
    "electronic_conductivity_S_cm": "electronic conductivity",
    "conductivity_S_cm": "ionic conductivity",
    "activation_energy_eV": "activation energy",
    "limit_C": "temperature limit",
    "min_thickness_um": "thinnest practical film",
    "young_GPa": "Young's modulus",
    "poisson": "Poisson's ratio",
    "failure_strain_percent": "failure strain",
}
_CHARGES = ("capacity_theoretical_mAh_g", "capacity_practical_mAh_g", "utilisation")

#: Far beyond anything real; a number past these is a slip of the pen.
Density = Annotated[float, Field(strict=True, ge=1e-4, le=100)]
Charge = Annotated[float, Field(strict=True, ge=1e-3, le=1e5)]
Potential = Annotated[float, Field(strict=True, ge=-10, le=10)]
Conductivity = Annotated[float, Field(strict=True, ge=1e-30, le=1e3)]
Electronic = Annotated[float, Field(strict=True, ge=1e-40, le=1e7)]
Energy = Annotated[float, Field(strict=True, ge=1e-6, le=10)]
#: Of the theoretical charge that counts as practical.
Utilisation = Annotated[float, Field(strict=True, ge=1e-6, le=1)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
#: Percent of the volume; nothing shrinks to less than nothing.
VolumeChange = Annotated[float, Field(strict=True, ge=-100, le=2000)]
Celsius = Annotated[float, Field(strict=True, gt=-ZERO_CELSIUS, le=5000)]

#: Electronic conductivity from which on a material may serve as a current collector, S/cm: 1 cm of a film of 1 µm and 1 cm
#: width then has 10 kΩ, of a metal less than 1 Ω.
COLLECTS = 1.0


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
        capacity_theoretical_mAh_g: charge per mass of an electrode in theory.
        capacity_practical_mAh_g: charge per mass in practice; theory × utilisation where that is given instead.
        utilisation: practical over theoretical charge; from both where both are given, else None.
        lithiated: share of an electrode's charge that is there as lithium in the state as made: 1 for LiCoO2 and for lithium,
            0 for silicon and V2O5; true and false are 1 and 0.
        potential_V: mean potential against Li/Li⁺.
        volume_change_percent: of an electrode, by which its volume grows (shrinks, if negative) from the state as made when all of
            its practical charge goes in or out: a number, or the range [least, most] of what is published.
        conductivity_S_cm: ionic conductivity at 25 °C.
        activation_energy_eV: of the ionic conductivity.
        electronic_conductivity_S_cm: near 25 °C: a number, or the range [lowest, highest] of what is published.
        limit_C: temperature at which it melts, decomposes or changes its phase, °C; `sources` says which.
        min_thickness_um: below it, a film is not known to be closed, or to do its work.
        young_GPa, poisson: Young's modulus and Poisson's ratio.
        failure_strain_percent: tensile strain at which a film cracks or tears.
        cautions: by role, a sentence that the report of a battery with the material in that role repeats.
        colour: for pictures, `#rrggbb`.
        source: where the figures come from that `sources` does not name.
        sources: by the key of a figure, where that figure comes from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    title: Text
    formula: Words = ""
    roles: tuple[Role, ...] = ()
    aliases: tuple[Words, ...] = ()
    density_g_cm3: Density | None = None
    capacity_theoretical_mAh_g: Charge | None = None
    capacity_practical_mAh_g: Charge | None = None
    utilisation: Utilisation | None = None
    lithiated: Share | None = None
    potential_V: Potential | None = None
    volume_change_percent: VolumeChange | tuple[VolumeChange, VolumeChange] | None = None
    electronic_conductivity_S_cm: Electronic | tuple[Electronic, Electronic] | None = None
    lithium_per_formula: Words | None = None
    conductivity_S_cm: Conductivity | None = None
    activation_energy_eV: Energy | None = None
    limit_C: Celsius | None = None
    min_thickness_um: Annotated[float, Field(strict=True, ge=1e-4, le=1e3)] | None = None
    young_GPa: Annotated[float, Field(strict=True, ge=1e-9, le=2000)] | None = None
    poisson: Annotated[float, Field(strict=True, ge=0, lt=0.5)] | None = None
    failure_strain_percent: Annotated[float, Field(strict=True, ge=1e-6, le=1000)] | None = None
    kind: Words | None = Field(default=None, alias="class")
    cautions: dict[Role, Text] = Field(default_factory=dict)
    colour: Annotated[str, BeforeValidator(_six_digits), StringConstraints(pattern="^#[0-9a-fA-F]{6}$")] = "#999999"
    source: Text = "user"
    sources: dict[str, Text] = Field(default_factory=dict)
    note: Words = ""

    @field_validator("lithiated", mode="before")
    @classmethod
    def _yes_or_no(cls, value: Any) -> Any:
        return float(value) if isinstance(value, bool) else value

    @field_validator("electronic_conductivity_S_cm", "volume_change_percent")
    @classmethod
    def _rising(cls, value: float | tuple[float, float] | None) -> float | tuple[float, float] | None:
        if isinstance(value, tuple) and value[0] > value[1]:
            raise ValueError("must be a number, or a range [lowest, highest]")
        return value

    @field_validator("sources")
    @classmethod
    def _of_figures(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            if key not in FIGURES:
                raise ValueError(f"{key!r} is no figure of a material; {choose_from(key, FIGURES)}")
        return value

    @model_validator(mode="before")
    @classmethod
    def _one_share(cls, data: Any) -> Any:
        """Practical charge and utilisation are two words for one thing: the one that is missing follows from the other."""
        if not isinstance(data, Mapping):
            return data
        theory, practical, share = (data.get(key) for key in _CHARGES)
        of_theory, in_practice, given = _number(theory), _number(practical), _number(share)
        if practical is not None and share is not None:
            # What was completed once may be read again.
            if (
                of_theory is not None
                and in_practice is not None
                and given is not None
                and math.isclose(in_practice, of_theory * given, rel_tol=1e-9)
            ):
                return data
            raise ValueError("capacity_practical_mAh_g and utilisation are theory × utilisation: give one of them")
        if given is not None and of_theory is not None and 0 < given <= 1:
            return {**data, "capacity_practical_mAh_g": of_theory * given}
        if share is not None and theory is None:
            raise ValueError("utilisation is a share of capacity_theoretical_mAh_g, which is missing")
        if in_practice is not None and of_theory is not None and 0 < in_practice <= of_theory:
            return {**data, "utilisation": in_practice / of_theory}
        return data

    def used(self, share: float) -> Material:
        """The material with another share of its theoretical charge in use, as the user of a template states it.

        >>> find("silicon").used(0.1).capacity_practical_mAh_g
        357.86

        Raises:
            ValueError: where it has no theoretical charge.
        """
        theory = self.capacity_theoretical_mAh_g
        if theory is None:
            raise ValueError(f"material {self.title!r} has no capacity_theoretical_mAh_g")
        cautions = {role: text for role, text in self.cautions.items() if role not in COLLECTOR}
        change = self.volume_change_range_percent
        # The volume changes in step with the charge.
        turned = share / self.utilisation if self.utilisation is not None else None
        stated: dict[str, Any] = {
            "utilisation": share,
            "capacity_practical_mAh_g": round(theory * share, 9),
            "cautions": cautions,
            "volume_change_percent": None
            if change is None or turned is None
            else (change[0] * turned, change[1] * turned),
        }
        return self.model_copy(update={**stated, "sources": {**self.sources, "utilisation": "stated in the template"}})

    def source_of(self, figure: str) -> str:
        """Where one of the figures comes from."""
        return self.sources.get(figure, self.source)

    @property
    def cited(self) -> str:
        """Where the figures come from, all in one text."""
        told = [f"{FIGURES[key]}: {text}" for key, text in self.sources.items()]
        return "; ".join([*told, *([self.source] if self.source != "user" or not told else [])])

    @property
    def volume_change_range_percent(self) -> tuple[float, float] | None:
        """Least and most change of the volume when all of the practical charge goes in or out, or None where it is not known."""
        value = self.volume_change_percent
        return value if isinstance(value, tuple) or value is None else (value, value)

    @property
    def electronic_range_S_cm(self) -> tuple[float, float] | None:
        """Lowest and highest electronic conductivity, S/cm, or None where it is not known."""
        value = self.electronic_conductivity_S_cm
        return value if isinstance(value, tuple) or value is None else (value, value)

    @property
    def collects(self) -> bool:
        """Whether it may be a current collector: it is said to be one, or conducts electrons well enough."""
        known = self.electronic_range_S_cm
        said = Role.ANODE_COLLECTOR in self.roles or Role.CATHODE_COLLECTOR in self.roles
        return said or (known is not None and known[0] >= COLLECTS)

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


def _number(value: Any) -> float | None:
    """A number as it was given; anything else is left to the checks of its field."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:  # whole numbers of TOML have any size
        return None


#: The materials: those that come with geom3d, and those of distributions that have entry points `geom3d.materials`.
CATALOGUE = Catalogue("material", Material, lambda: files(__name__), "geom3d.materials")


def shipped() -> list[str]:
    """Names of the materials that come with geom3d."""
    return list(CATALOGUE.shipped)


def names() -> list[str]:
    """Names of all materials: those that come with geom3d, and those of other distributions."""
    return CATALOGUE.names


def find(name: str) -> Material | None:
    """The material of that name, alias or formula, or None.

    A name or alias as it is written goes first; case is overlooked only where that leaves one material: `tin` is the metal,
    `TiN` titanium nitride, and `TIN` none of them.

    Raises:
        InputError, PluginError: where its file has a wrong form.
    """
    return CATALOGUE.find(name)


def find_shipped(name: str) -> Material | None:
    """The material of that name or alias that comes with geom3d, or None."""
    return CATALOGUE.find_shipped(name)


def meant_by(name: str) -> list[str]:
    """Names of the materials that a name may mean where case is overlooked."""
    return CATALOGUE.meant_by(name)


def fitting(role: Role) -> dict[str, Material]:
    """The materials that can take a role, by name."""
    return {name: material for name, material in CATALOGUE.usable() if role in material.roles}


def collecting() -> dict[str, Material]:
    """The materials that can be a current collector, by name."""
    return {name: material for name, material in CATALOGUE.usable() if material.collects}
