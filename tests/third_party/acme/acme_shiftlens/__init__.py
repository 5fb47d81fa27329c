"""A third party's plugin with a component of nearly every role, each offered by its card."""

from shiftlens.plugin import Card, hookimpl

_HERE = "acme_shiftlens"


@hookimpl
def shiftlens_encoders() -> list[Card]:
    """Offer the encoder ``levels``."""
    return [Card(id="levels", version=1, title="Mean and spread of the grey levels", target=f"{_HERE}.levels:Levels")]


@hookimpl
def shiftlens_latent_scorers() -> list[Card]:
    """Offer the scorer ``mean-gap``."""
    return [Card(id="mean-gap", version=1, target=f"{_HERE}.levels:MeanGap", config=f"{_HERE}.options:GapOptions")]


@hookimpl
def shiftlens_attention_explainers() -> list[Card]:
    """Offer explainers: one of the images alone, one around keypoints."""
    return [
        Card(id="bright-map", version=1, target=f"{_HERE}.places:BrightMap", each_alone=True),
        Card(id="around-points", version=1, target=f"{_HERE}.places:AroundPoints", each_alone=True),
    ]


@hookimpl
def shiftlens_keypoint_finders() -> list[Card]:
    """Offer the finder ``brightest``."""
    return [Card(id="brightest", version=1, target=f"{_HERE}.places:Brightest", each_alone=True)]


@hookimpl
def shiftlens_compensators() -> list[Card]:
    """Offer the compensator ``rest``."""
    return [Card(id="rest", version=1, target=f"{_HERE}.making:Rest", each_alone=True)]


@hookimpl
def shiftlens_editors() -> list[Card]:
    """Offer the editor ``dim``."""
    return [Card(id="dim", version=1, target=f"{_HERE}.making:Dim", config=f"{_HERE}.options:DimOptions", each_alone=True)]


@hookimpl
def shiftlens_translators() -> list[Card]:
    """Offer the translator ``lift``."""
    return [Card(id="lift", version=1, target=f"{_HERE}.making:Lift")]


@hookimpl
def shiftlens_readers() -> list[Card]:
    """Offer the reader ``ramp:NUMBER``."""
    return [Card(id="ramp", version=1, target=f"{_HERE}.around:RampReader")]


@hookimpl
def shiftlens_report_sections() -> list[Card]:
    """Offer a section of the report."""
    return [
        Card(id="acme", version=1, target=f"{_HERE}.around:Count", config=f"{_HERE}.options:CountOptions", title="Acme's count")
    ]


@hookimpl
def shiftlens_executors() -> list[Card]:
    """Offer an executor that works in processes of its own."""
    return [Card(id="acme-processes", version=1, target=f"{_HERE}.around:Processes")]


@hookimpl
def shiftlens_commands() -> list[Card]:
    """Offer ``shiftlens acme``."""
    return [Card(id="acme", version=1, target=f"{_HERE}.levels:acme")]
