"""One thing of each kind that another distribution can add to geom3d."""
