"""Solids: what a region is made of. One interface, two families, prisms and fields."""

from __future__ import annotations

from geom3d.solids.family import Family, Solid, family_of

__all__ = ["Family", "Solid", "family_of"]
