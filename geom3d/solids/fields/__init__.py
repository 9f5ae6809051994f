"""Fields: signed distances sampled on a grid, cut into tetrahedra."""
