"""Walls as etched: the table `[profile]` of a template, and what it makes of a structure of upright walls."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from geom3d.architectures._structure import Structure
from geom3d.core.errors import InputError
from geom3d.core.quantities import Length, convert
from geom3d.solids.fields.upright import Upright
from geom3d.solids.fields.upright_parts import Frame
from geom3d.solids.fields.wall_profile import Scallops, WallProfile
from geom3d.solids.prisms.outline import Difference, Plane
from geom3d.solids.prisms.prism import Prisms

_CONFIG = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
_Positive = Annotated[Length, Field(gt=0, le=1e5)]
_NotNegative = Annotated[Length, Field(ge=0, le=1e5)]
Angle = Annotated[float, BeforeValidator(lambda value: convert(value, "degree", "an angle")), Field(ge=45, le=135)]
#: Outlines that walls of one cell may have: two, that face each other.
MOST_OUTLINES = 2
#: Heights that make up the depth may come to more than it by so much of it: sums and differences round.
ROUNDING = 1e-9


class ScallopKeys(BaseModel):
    """Arcs that cyclic etching leaves.

    Attributes:
        pitch: height of one, µm.
        depth: from the cusps to the deepest point, µm; at most half of the pitch.
    """

    model_config = _CONFIG

    pitch: _Positive
    depth: _Positive

    @model_validator(mode="after")
    def _no_more_than_a_half_circle(self) -> Self:
        if self.depth > self.pitch / 2:
            raise ValueError(f"depth must be at most half of the pitch of {self.pitch:g} µm; got {self.depth:g}")
        return self


class NotchKeys(BaseModel):
    """A wedge cut out at the foot.

    Attributes:
        height: above the floor at which it begins, µm.
        depth: by how much the wall recedes at the floor, µm.
    """

    model_config = _CONFIG

    height: _Positive
    depth: _Positive


class WallKeys(BaseModel):
    """The profile of a wall; what the template says of widths holds at the top.

    Attributes:
        sidewall_angle: between wall and wafer, degrees; below 90 holes narrow downwards and posts widen.
        bottom_width: at the foot instead, µm: of holes and trenches the opening, else the post's, wall's or finger's width.
        bow: largest recess of the wall, amid the depth, µm.
        scallop: see there.
        foot_radius, rim_radius: of a round foot and a round rim, µm.
        notch: see there.
        table: [depth, offset], …: by how much the wall stands further out than at its top, µm; linear between.
    """

    model_config = _CONFIG

    sidewall_angle: Angle | None = None
    bottom_width: _Positive | None = None
    bow: Annotated[Length, Field(ge=-1e4, le=1e4)] = 0.0
    scallop: ScallopKeys | None = None
    foot_radius: _NotNegative = 0.0
    rim_radius: _NotNegative = 0.0
    notch: NotchKeys | None = None
    table: tuple[tuple[_NotNegative, Length], ...] = ()

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.sidewall_angle is not None and self.bottom_width is not None:
            raise ValueError("give sidewall_angle or bottom_width, not both: either tells the tilt")
        depths = [depth for depth, _ in self.table]
        if any(b <= a for a, b in pairwise(depths)):
            raise ValueError("table: depths must ascend")
        return self

    def wall(self, depth: float, width: float, hole: bool) -> WallProfile:
        """The profile for a structure.

        Args:
            depth: from top to foot, µm.
            width: at the top, of the hole or of the post, µm.
            hole: whether that is the width of what is not solid.

        Raises:
            InputError: where a part of it does not fit into the depth.
        """
        slope = 0.0
        if self.sidewall_angle is not None and self.sidewall_angle != 90:
            slope = 1 / math.tan(math.radians(self.sidewall_angle))
        elif self.bottom_width is not None:
            slope = (width - self.bottom_width if hole else self.bottom_width - width) / 2 / depth
        heights = {
            "scallop.pitch": 0.0 if self.scallop is None else self.scallop.pitch,
            "foot_radius": self.foot_radius,
            "rim_radius": self.rim_radius,
            "notch.height": 0.0 if self.notch is None else self.notch.height,
            "table": self.table[-1][0] if self.table else 0.0,
        }
        for key, height in heights.items():
            if height > depth * (1 + ROUNDING):
                raise InputError(f"profile.{key}: must lie within the depth of {depth:g} µm; got {height:g}")
        if self.foot_radius + self.rim_radius > depth * (1 + ROUNDING):
            raise InputError(
                f"profile.foot_radius: with rim_radius = {self.rim_radius:g} µm it is more than the depth of {depth:g} µm; "
                f"got {self.foot_radius:g}"
            )
        scallops = None if self.scallop is None else Scallops(self.scallop.pitch, self.scallop.depth)
        notch = (0.0, 0.0) if self.notch is None else (self.notch.height, self.notch.depth)
        return WallProfile(depth, slope, self.bow, scallops, self.foot_radius, self.rim_radius, notch, self.table)


def as_etched(structure: Structure, keys: WallKeys | None, reason: str, stack: float = 0.0) -> Structure:
    """The structure with its walls as fields: of a profile, and with round rims under films.

    Args:
        structure: of prisms on a plate.
        keys: None for straight walls.
        reason: the key for whose sake it is done.
        stack: thickness of all films, µm, which are the walls where they lie flat on lines.

    Raises:
        InputError: where it has no such walls, or walls of that profile meet or are cut through; it names the depth.
    """
    facts = structure.facts
    bodies = [solid for _, _, solid in structure.regions] + [structure.film_base]
    if not all(isinstance(body, Prisms) for body in bodies):
        raise InputError(f"{reason}: belongs to architectures of upright walls; a sponge's films are round without it")
    prisms = [prism for body in bodies if isinstance(body, Prisms) for prism in body.prisms]
    shapes = [prism for prism in prisms if not isinstance(prism.shape, Plane)]
    outlines = {
        tuple(prism.shape for prism in body.prisms if not isinstance(prism.shape, Plane))
        for body in bodies
        if isinstance(body, Prisms)
    } - {()}
    flat = bool(shapes) and all(prism.flat for prism in shapes)
    frame = Frame(facts.base_z, facts.base_z + stack) if flat else Frame(facts.base_z, facts.top)
    if not shapes or frame.top <= frame.foot:
        raise InputError(f"{reason}: this structure has no upright walls below its top")
    if len(outlines) > MOST_OUTLINES or not (flat or all(prism.high == facts.top for prism in shapes)):
        raise InputError(
            f"{reason}: belongs to walls that stand on one plate and end at one height; here fingers of a finite comb or posts "
            "that hang from an upper plate do not"
        )
    hole = all(isinstance(prism.shape, Difference) and isinstance(prism.shape.outer, Plane) for prism in shapes)
    # Lines of a grid are what their openings leave, and go by their own width.
    depth, hole = frame.top - frame.foot, hole and not flat
    width = facts.gap if hole else facts.feature
    profile = WallProfile(depth) if keys is None else keys.wall(depth, width, hole)
    depths, offsets = profile.curve
    for room, outward, words in (
        (facts.gap, offsets, "meets its neighbour"),
        (facts.feature, -offsets, "is cut through"),
    ):
        closed = np.flatnonzero(room - 2 * outward <= 1e-6 * room)
        if len(closed):
            raise InputError(
                f"profile: the wall {words} at a depth of {depths[closed[0]]:.4g} µm "
                f"({'the gap' if words.startswith('meets') else 'the width'} at the top is {room:g} µm)"
            )

    def field(body: object) -> Upright:
        assert isinstance(body, Prisms)
        return Upright.of(body, profile, frame)

    return replace(
        structure,
        regions=tuple((name, role, field(solid)) for name, role, solid in structure.regions),
        film_base=field(structure.film_base),
        facts=replace(
            facts,
            gap=facts.gap - 2 * float(offsets.max()),
            feature=facts.feature + 2 * float(offsets.min()),
            film_gap=facts.film_gap - 2 * float(offsets.max()),
            wall=profile,
            # Light passes by the widest place of a line.
            pattern=facts.pattern.offset(float(offsets.max())) if facts.pattern is not None and flat else facts.pattern,
        ),
    )
