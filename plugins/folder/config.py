"""Options of a source of files, written as ``folder?match=*.png&depth=12``."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from ... import Spec


class FileOptions(Spec):
    """What to take of the files, and how to read them."""

    match: str = Field(default="*", description="take files whose name or path below the folder fits this pattern (* ? [])")
    group: str = Field(
        default="",
        description="what makes a group: 'folder', or a regular expression on the path whose first bracket names it; "
        "empty: every image is on its own, or the list's group column",
    )
    depth: Literal[10, 12, 14, 16] = Field(default=16, description="bits that 16-bit files really use")
    note: str = Field(default="", description="a remark on these images, shown at the head of the report")
    cut: Literal["refuse", "keep"] = Field(default="refuse", description="pictures that end in an even grey or black block")

    @field_validator("depth", mode="before")
    @classmethod
    def _written_in_a_source(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @field_validator("group")
    @classmethod
    def _has_a_bracket(cls, value: str) -> str:
        if value in ("", "folder"):
            return value
        try:
            pattern = re.compile(value)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        if pattern.groups < 1:
            raise ValueError("the regular expression needs a bracket around what names the group")
        return value
