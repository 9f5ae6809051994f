"""Materials and processes that come with geom3d, one TOML file each."""
