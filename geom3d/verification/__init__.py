"""Measured numbers against closed forms and published values."""
