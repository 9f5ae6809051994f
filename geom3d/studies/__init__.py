"""From numbers to a decision: one unknown for one target, sweeps over many designs, and optimisation."""
