"""`python -m geom3d`."""

from geom3d.cli.app import main

main()
