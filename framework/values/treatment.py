"""What was done to an image by a step that made it."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from ...specs.base import Spec, Text


class Treatment(Spec):
    """What was done to one image.

    ``way`` names how it was repaired or edited, and is none where the image is as it was; ``held_back`` says why it is, where
    there is a reason; ``note`` what to know of what was made.

    >>> Treatment(held_back=Text(en="a spot would go", ja="斑点が消えます")).way is None
    True
    """

    way: str | None = None
    held_back: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Any:
        if self.way is not None and self.held_back is not None:
            raise ValueError("an image is either treated in a way or held back")
        return self
