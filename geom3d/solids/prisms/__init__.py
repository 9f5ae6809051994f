"""Prisms: polygons times intervals of z, partitioned exactly."""
