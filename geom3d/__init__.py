"""geom3d: exact geometry and figures of merit of 3D solid-state microbatteries.

>>> import geom3d
>>> battery = geom3d.load("trenches-notten-2007")
>>> battery.measure()["capacity_uAh_cm2.limiting"]
'anode'

Importing this is cheap; numpy and the rest are loaded at the first use of a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from geom3d.api import Design, design, load
    from geom3d.cell import Cell, Facts, Region
    from geom3d.errors import Geom3dError, GeometryError, InputError, OutputError
    from geom3d.printing.verdict import CheckReport, Ranking
    from geom3d.report import Report
    from geom3d.roles import Role
    from geom3d.template import Template
    from geom3d.volume import VolumeMesh
    from geom3d.walls import OUTSIDE, Walls

_HOME = {
    "Cell": "cell",
    "Facts": "cell",
    "Region": "cell",
    "Role": "roles",
    "Design": "api",
    "design": "api",
    "load": "api",
    "Geom3dError": "errors",
    "GeometryError": "errors",
    "InputError": "errors",
    "OutputError": "errors",
    "CheckReport": "printing.verdict",
    "Ranking": "printing.verdict",
    "Report": "report",
    "Template": "template",
    "VolumeMesh": "volume",
    "OUTSIDE": "walls",
    "Walls": "walls",
}

__all__ = [
    "OUTSIDE",
    "Cell",
    "CheckReport",
    "Design",
    "Facts",
    "Geom3dError",
    "GeometryError",
    "InputError",
    "OutputError",
    "Ranking",
    "Region",
    "Report",
    "Role",
    "Template",
    "VolumeMesh",
    "Walls",
    "__version__",
    "design",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'geom3d' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"geom3d.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
