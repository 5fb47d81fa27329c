"""The base of every spec: frozen, closed to unknown keys, JSON in and out."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """Plain data that a user may write in a file.

    Unknown keys are errors, values do not change after reading, and aliases (``with``) and
    field names both work in Python.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Text(Spec):
    """The same words in every language of the product.

    >>> Text(en="brighter", ja="明るい").pick("ja")
    '明るい'
    """

    en: str
    ja: str

    def pick(self, language: str) -> str:
        """Give the words in ``language`` (``en`` or ``ja``)."""
        return self.ja if language == "ja" else self.en
