"""Materials, a TOML file each."""
