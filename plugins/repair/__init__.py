"""Report section: site images repaired, and what is left of the differences."""
