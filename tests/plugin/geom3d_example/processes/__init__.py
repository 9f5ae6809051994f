"""Processes, a TOML file each; one of them is registered by itself."""

from importlib.resources import files

FILE = files(__name__) / "frost-casting.toml"
