"""Template to cell: what a battery is asked to be, and the regions that it consists of."""
