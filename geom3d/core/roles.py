"""The roles of regions: the one list that cells, materials and templates share."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a region does in the battery. Metrics go by role, never by name."""

    SUBSTRATE = "substrate"
    BARRIER = "barrier"
    ANODE_COLLECTOR = "anode_collector"
    ANODE = "anode"
    ELECTROLYTE = "electrolyte"
    CATHODE = "cathode"
    CATHODE_COLLECTOR = "cathode_collector"
    ENCAPSULATION = "encapsulation"


#: The collector of each electrode.
COLLECTOR = {Role.ANODE: Role.ANODE_COLLECTOR, Role.CATHODE: Role.CATHODE_COLLECTOR}
