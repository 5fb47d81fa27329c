"""Every error of ours: a code, what is wrong and where, and the next step.

The first digit of a code says whose fault it is and fixes the exit code of the command line:
1 the spec or the usage (2), 2 a plugin (4), 3 the input (3), 4 a backbone (4), 5 the place
where results are kept (3).
"""

from __future__ import annotations

from typing import Any, ClassVar

MOST_PROBLEMS = 10
LONGEST_VALUE = 80


def quoted(value: object) -> str:
    """Quote a value for a message, cut to 80 characters.

    >>> quoted("x" * 200) == "'" + "x" * 76 + "..."
    True
    """
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


class ShiftlensError(Exception):
    """What is wrong and where, in one line; ``hint`` is the next step."""

    code: ClassVar[str] = "SL000"
    exit_code: ClassVar[int] = 4
    step: str = ""
    """The step of a pipeline in which it was raised, if any."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        next_step = f"\n  next: {self.hint}" if self.hint else ""
        return f"{self.code} {self.message}{next_step}"


def _rebuilt(kind: type[ShiftlensError], args: tuple[Any, ...], facts: dict[str, Any]) -> ShiftlensError:
    """Put an error together that another process raised."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class SpecError(ShiftlensError):
    """A spec that does not hold. Carries every problem found, each with its path in the spec."""

    code = "SL101"
    exit_code = 2

    def __init__(self, where: str, problems: list[str], *, hint: str = "") -> None:
        shown = problems[:MOST_PROBLEMS]
        more = len(problems) - len(shown)
        lines = "".join(f"\n  - {p}" for p in shown)
        tail = f"\n  … and {more} more" if more > 0 else ""
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{where}: {count}{lines}{tail}", hint=hint)
        self.problems = tuple(problems)


class UsageError(ShiftlensError):
    """A command or call whose words do not fit together."""

    code = "SL102"
    exit_code = 2


class UnknownName(ShiftlensError):
    """A name that nothing offers: a component, a backbone, a site, a setting."""

    code = "SL103"
    exit_code = 2


class ForbiddenHere(ShiftlensError):
    """Something that the site file forbids."""

    code = "SL104"
    exit_code = 2


class PluginFailed(ShiftlensError):
    """A plugin that raised; named with its distribution and version."""

    code = "SL201"


class PluginConflict(ShiftlensError):
    """One name offered by two distributions, or a required plugin that is not there."""

    code = "SL202"


class ComponentFailed(ShiftlensError):
    """A component that raised, or gave something else than its role promises."""

    code = "SL203"
    trace: str = ""
    """The traceback, where the component raised."""


class PromiseBroken(ComponentFailed):
    """A value that is not what its type promises: a field of another shape or kind of number, or NaN where none may be."""

    code = "SL205"


class MissingExtra(ShiftlensError):
    """A component that needs a library which is not installed."""

    code = "SL204"


class InputUnusable(ShiftlensError):
    """A folder, list or file of images that cannot be used."""

    code = "SL301"
    exit_code = 3


class TooFewImages(ShiftlensError):
    """Fewer usable images (or groups of images) than a comparison needs."""

    code = "SL302"
    exit_code = 3


class SpacesDiffer(ShiftlensError):
    """Latents of two different spaces set against each other."""

    code = "SL303"
    exit_code = 2


class BackboneUnusable(ShiftlensError):
    """Weights that cannot be found, read or fitted to their family."""

    code = "SL401"


class DigestDiffers(ShiftlensError):
    """Weights whose digest is not the one that was pinned."""

    code = "SL402"


class UnsafeWeights(ShiftlensError):
    """A weights file that would run code if it were read."""

    code = "SL403"


class TrainingDiverged(ShiftlensError):
    """A training whose numbers or weights became NaN or infinite."""

    code = "SL404"


class OutputUnusable(ShiftlensError):
    """A place for results that cannot be written: read-only, full, or somebody else's."""

    code = "SL501"
    exit_code = 3
