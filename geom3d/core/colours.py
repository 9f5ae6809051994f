"""Colours of drawings, pictures and charts, each in one place. Those of materials stand in the materials' files."""

from __future__ import annotations

from geom3d.core.roles import Role

# Drawings and pictures

#: Lines and words, and what they stand on.
INK, PAPER = "#202020", "#ffffff"
#: Words of second rank: notes, and rows of a legend that are explanations.
NOTE, FAINT = "#505050", "#606060"
#: Scale of colours for numbers on surfaces: matplotlib's name of one that grows evenly brighter, also in grey.
SCALE = "viridis"

# Charts, and the headings of workbooks

#: Okabe and Ito's palette, for the colour-blind: blue for all that is the anode's, orange and red for the cathode's.
SIDES = {"anode": "#0072b2", "cathode": "#d55e00"}
ROLES = {
    Role.SUBSTRATE: "#b8b8b8",
    Role.BARRIER: "#4d4d4d",
    Role.ANODE_COLLECTOR: "#56b4e9",
    Role.ANODE: SIDES["anode"],
    Role.ELECTROLYTE: "#f0e442",
    Role.CATHODE: SIDES["cathode"],
    Role.CATHODE_COLLECTOR: "#e69f00",
    Role.ENCAPSULATION: "#cc79a7",
}
#: Curves that belong to no role, one after the other, of the same palette.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
#: What belongs to no electrode: side walls, estimates.
NEUTRAL = "#8c8c8c"
#: Words beside marks; remarks in place of marks; names without a mark; keys and units under headings.
LABEL, REMARK, ABSENT, SUBHEADING = "#333333", "#555555", "#767676", "#666666"
#: Lines: edges of bars, from a mark to its number, between marks that belong together, under histograms, of the grid.
EDGE, LEADER, WHISKER, BASELINE, GRID = "#444444", "#999999", "#b5b5b5", "#dddddd", "#e2e2e2"
#: Every other row.
BAND = "#f4f6f8"


def colour_of(role: str) -> str:
    """The colour of a role, or of the void, in charts."""
    return PAPER if role == "void" else ROLES[Role(role)]


def lighter_colour(colour: str, share: float) -> str:
    """A colour mixed with white.

    >>> lighter_colour("#000000", 0.5)
    '#808080'

    Args:
        colour: `#rrggbb`.
        share: of white; more than 3/4 is taken as that.
    """
    share = min(share, 0.75)
    parts = [round(v + share * (255 - v)) for v in (int(colour[k : k + 2], 16) for k in (1, 3, 5))]
    return "#{:02x}{:02x}{:02x}".format(*parts)


def text_colour(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour (relative luminance of WCAG 2).

    Args:
        colour: `#rrggbb`.
    """
    shares = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"


# Chart of electrolytes

#: Colour by class of electrolyte, after Okabe and Ito, and grey for classes that a user may add.
CLASSES = {
    "amorphous": "#0072b2",
    "crystalline": "#009e73",
    "glass-ceramic": "#56b4e9",
    "perovskite": "#cc79a7",
    "antiperovskite": "#7b4a9e",
    "NASICON": "#e69f00",
    "thio-LISICON": "#8c564b",
    "LGPS": "#d55e00",
    "garnet": "#333333",
    "gel": "#b3a800",
}
OTHER = "#888888"
#: Lines of a grid behind curves.
GRID = "#e8e8e8"
