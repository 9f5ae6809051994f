"""Ground floor: errors, roles, quantities, arrays and files; nothing here knows what a battery is made of."""
