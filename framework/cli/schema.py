"""``shiftlens schema WHAT``: JSON Schemas, for editors and for those who read our files."""

from __future__ import annotations

import json

import click
from pydantic import BaseModel

from ...specs.backbone import BackboneSpec
from ...specs.errors import UnknownName, quoted
from ...specs.nearest import nearest
from ...specs.pipeline import PipelineSpec
from ...specs.report import Report
from ...specs.settings import Settings, SiteSpec

FORMATS: dict[str, type[BaseModel]] = {
    "pipeline": PipelineSpec, "report": Report, "site": SiteSpec, "project": Settings, "backbone": BackboneSpec,
}  # fmt: skip


@click.command()
@click.argument("what")
def schema(what: str) -> None:
    """Print the JSON Schema of a file format.

    WHAT is pipeline, report, site, project or backbone; or a command of a plugin that reads a file, such as bench.
    """
    click.echo(json.dumps(_model(what).model_json_schema(by_alias=True), indent=2, ensure_ascii=False))


def _model(what: str) -> type[BaseModel]:
    """Give the model of a built-in format, or the config of the command card with that id."""
    if what in FORMATS:
        return FORMATS[what]
    from ..host.targets import config_model
    from ..running.session import allowed_plugins

    offers = {offer.card.id: offer for offer in allowed_plugins().of_role("command") if offer.card.config}
    if what not in offers:
        raise UnknownName(f"no file format {quoted(what)}", hint=nearest(what, [*FORMATS, *offers]))
    return config_model(offers[what])
