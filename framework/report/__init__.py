"""The report: what a run found, as one HTML page, JSON and tables."""
