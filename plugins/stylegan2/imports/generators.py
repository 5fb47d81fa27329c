"""Tensors of a file to the generator of a backbone: held against the architecture, read, with a mean code."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .... import BackboneUnusable, UsageError
from ....plugin import quoted
from ....training import StoredObject, misfits, read_stored
from ..generator import Generator, shape_of

DRAWS, SEED = 10_000, 0
KERNEL = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64
"""The filter of all resampling. NVIDIA stores it as it is, rosinality times 4."""
_FLOATS = ("float16", "bfloat16", "float32", "float64")
_MOST = 2_000
_LONGEST = 200
_BATCH = 1000


class Read(NamedTuple):
    """A generator that was read: its tensors, what its card should say, and what a person should know."""

    tensors: dict[str, Tensor]
    options: dict[str, Any]
    notes: list[str]

    @property
    def size(self) -> int:
        """Side of its images."""
        return int(shape_of(self.tensors)["size"])


def read_generator(path: Path, stored: Mapping[str, StoredObject], mean: Tensor | None) -> Read:
    """Read a generator whose tensors have our names.

    Args:
        path: the file, for errors.
        stored: its tensors, without constant kernels.
        mean: the mean code ``(w_dim,)``; it is estimated where there is none.

    Raises:
        BackboneUnusable: a tensor is missing, unexpected, of another shape, or not finite.
    """
    if len(stored) > _MOST or not all(math.prod(one.shape) for one in stored.values()):
        raise BackboneUnusable(f"{path}: more tensors than any generator has, or empty ones", hint="check the file")
    try:
        with torch.device("meta"):
            network = Generator(**shape_of(stored))  # type: ignore[arg-type]
    except (BackboneUnusable, UsageError) as error:
        raise BackboneUnusable(f"{path}: {error.message}", hint=error.hint) from None
    check_fit(path, "generator", stored, network, {"latent_avg"})
    notes = []
    if any(one.storage.dtype == "float64" for one in stored.values()):
        notes.append("numbers of 64 bits were rounded to 32")
    tensors = {name: tensor.float() for name, tensor in read_stored(str(path), stored).items()}
    if mean is not None and mean.shape == (network.w_dim,):
        return Read({**tensors, "latent_avg": mean}, {}, notes)
    if mean is not None:
        raise BackboneUnusable(
            f"{path}: latent_avg is {tuple(mean.shape)}, the codes have {network.w_dim} numbers", hint="check the file"
        )
    said = f"estimated from {DRAWS} z, seed {SEED}"
    return Read(
        {**tensors, "latent_avg": estimated_mean(tensors)}, {"latent_avg": said}, [*notes, f"latent_avg is missing; {said}"]
    )


def estimated_mean(tensors: Mapping[str, Tensor]) -> Tensor:
    """Give the mean code ``(w_dim,)`` over 10 000 mapped z, seed 0."""
    zeros = torch.zeros(len(tensors["style.1.bias"]))
    generator = Generator.from_tensors({**tensors, "latent_avg": zeros}).eval()
    draws = torch.Generator().manual_seed(SEED)
    total = zeros.double()
    with torch.inference_mode():
        for _ in range(DRAWS // _BATCH):
            total += generator.mapping(torch.randn(_BATCH, generator.z_dim, generator=draws)).double().sum(0)
    return (total / DRAWS).float()


def check_fit(
    path: Path, what: str, stored: Mapping[str, StoredObject], network: nn.Module, others: Collection[str] = ()
) -> None:
    """Hold names and shapes against a network, before a number is read; ``others`` are tensors that the file need not have.

    Raises:
        BackboneUnusable: they do not fit; the first differences are named.
    """
    wanted = {name: tensor for name, tensor in network.state_dict().items() if name not in others}
    if said := misfits(stored, wanted):
        raise BackboneUnusable(
            f"{path}: its tensors are not those of a StyleGAN2 {what}: {said}",
            hint="other architectures than those of the published programs are not read",
        )
    for name in sorted(wanted):
        if wanted[name].is_floating_point() and stored[name].storage.dtype not in _FLOATS:
            raise BackboneUnusable(f"{path}: {name} holds {stored[name].storage.dtype}", hint="expected floating point numbers")


def without_kernels(path: Path, stored: Mapping[str, StoredObject], suffix: str, scale: float) -> dict[str, StoredObject]:
    """Leave out the constant kernels, whose names end in ``suffix``; they must be the usual one times ``scale``.

    Raises:
        BackboneUnusable: one is another, so that images would differ.
    """
    kernels = {name: one for name, one in stored.items() if name.endswith(suffix)}
    odd = [name for name, one in kernels.items() if one.shape != (4, 4) or one.storage.dtype not in _FLOATS]
    odd = odd or [
        name for name, tensor in read_stored(str(path), kernels).items() if not torch.allclose(tensor.float(), KERNEL * scale)
    ]
    if odd:
        raise BackboneUnusable(
            f"{path}: {quoted(odd[0])} is another filter than [1, 3, 3, 1]", hint="such generators are not supported"
        )
    return {name: one for name, one in stored.items() if name not in kernels}


def only_stored(path: Path, what: str, found: Any) -> dict[str, StoredObject]:
    """Give ``found`` as tensors by name.

    Raises:
        BackboneUnusable: it is anything else.
    """
    if not isinstance(found, Mapping) or not all(isinstance(k, str) and isinstance(v, StoredObject) for k, v in found.items()):
        raise BackboneUnusable(f"{path}: {what} is not tensors by name", hint="it should be a state_dict")
    return dict(found)


def left_out(names: Iterable[str]) -> str:
    """Name what was not imported, in a line that is safe to print.

    >>> left_out(["d", "args"])
    'left out: args, d'
    """
    return f"left out: {', '.join(name if name.isprintable() else repr(name) for name in sorted(names))}"[:_LONGEST]


def rows_of(path: Path, found: Any) -> Tensor | None:
    """Read ``latent_avg`` as rows ``(1 or n_w, w_dim)``; nothing where the file has none.

    Raises:
        BackboneUnusable: it has another shape or holds something else than numbers.
    """
    if found is None:
        return None
    if not isinstance(found, StoredObject) or len(found.shape) not in (1, 2) or not all(found.shape):
        shape = f"has shape {found.shape}" if isinstance(found, StoredObject) else "is no tensor"
        raise BackboneUnusable(f"{path}: latent_avg {shape}", hint="expected (w_dim,), (1, w_dim) or (codes, w_dim)")
    if found.storage.dtype not in _FLOATS:
        raise BackboneUnusable(f"{path}: latent_avg holds {found.storage.dtype}", hint="expected floating point numbers")
    rows = read_stored(str(path), {"latent_avg": found})["latent_avg"].float()
    return rows.reshape(-1, rows.shape[-1])


def mean_of(rows: Tensor | None) -> tuple[Tensor | None, list[str]]:
    """Give the one mean code of a generator without an encoder; rows that differ are no such mean."""
    if rows is None or bool((rows == rows[0]).all()):
        return None if rows is None else rows[0].clone(), []
    return None, [f"the {len(rows)} rows of latent_avg differ, so none is the mean of the mapping"]
