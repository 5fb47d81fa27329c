"""Measured attributes of an image: each has a name, a unit and a direction that a technician can act on."""
