"""geom3d: exact geometry and figures of merit of 3D solid-state microbatteries.

>>> import geom3d
>>> battery = geom3d.load("trenches-notten-2007")
>>> battery.measure()["capacity_uAh_cm2.limiting"]
'anode'

Importing this is cheap: the public names stand in `__init__.pyi`, and numpy and the rest are loaded at the first use of one.
"""

import lazy_loader

from geom3d._version import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
