"""Cells in pixels and voxels, slices and lithography masks."""
