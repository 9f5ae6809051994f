"""The version, without anything that costs time to import."""

__version__ = "0.1.0"
