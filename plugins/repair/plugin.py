"""What this plugin offers."""

from __future__ import annotations

from ...plugin import Card, hookimpl

_HERE = "shiftlens.plugins.repair"


@hookimpl
def shiftlens_report_sections() -> list[Card]:
    """Offer the report section."""
    return [
        Card(
            id="repair",
            version=1,
            target=f"{_HERE}.section:RepairSection",
            config=f"{_HERE}.config:SectionConfig",
            title="Images before and after a repair, and what became of the differences",
        )
    ]
