"""`python -m geom3d`."""

from geom3d.cli import main

main()
