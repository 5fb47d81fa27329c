"""The report: what a run found, as one HTML page, JSON and tables."""

SECTIONS = ("summary", "attributes", "features", "maps", "calibration", "power", "tested", "aside", "made")
"""Ids of the report's own sections, in their order; plugins' sections come after ``maps``."""
