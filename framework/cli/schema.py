"""``shiftlens schema WHAT``: JSON Schemas, for editors and for those who read our files."""

from __future__ import annotations

import json

import click
from pydantic import BaseModel

from ...specs.backbone import BackboneSpec
from ...specs.bench import BenchSpec
from ...specs.pipeline import PipelineSpec
from ...specs.report import Report
from ...specs.settings import Settings, SiteSpec

FORMATS: dict[str, type[BaseModel]] = {
    "pipeline": PipelineSpec, "report": Report, "site": SiteSpec, "project": Settings, "backbone": BackboneSpec,
    "bench": BenchSpec,
}  # fmt: skip


@click.command()
@click.argument("what", type=click.Choice(list(FORMATS)))
def schema(what: str) -> None:
    """Print the JSON Schema of pipeline files, report.json, site files, project files, backbone cards or benchmark suites."""
    click.echo(json.dumps(FORMATS[what].model_json_schema(by_alias=True), indent=2, ensure_ascii=False))
