"""Steady ionic conduction between the electrodes."""
