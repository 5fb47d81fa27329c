"""What the fitters do with a batch, and which shapes they refuse before they train."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from shiftlens import UsageError
from shiftlens.plugins.stylegan2.gan import Gan
from shiftlens.plugins.stylegan2.pair import Joint
from shiftlens.plugins.stylegan2.tensors import as_tensor

FIT = runpy.run_path(str(Path(__file__).with_name("test_stylegan2_fit.py")))["fit"]


@pytest.mark.parametrize(("kind", "work"), [("joint", Joint), ("stylegan2", Gan)])
def test_where_an_image_lies_in_its_folder_does_not_decide_which_losses_it_gets(
    kind: str, work: type[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of a batch are treated differently, so a batch must not be in the folder's order."""
    seen: list[torch.Tensor] = []
    step = work.step

    def noted(self: Any, images: torch.Tensor, *rest: Any) -> Any:
        seen.append(images)
        return step(self, images, *rest)

    monkeypatch.setattr(work, "step", noted)
    FIT(kind, tmp_path)
    known = as_tensor(np.load(next(tmp_path.glob("images-*.npy")))).flatten(1)
    places = [torch.cdist(batch.flatten(1), known).argmin(dim=1).tolist() for batch in seen]
    assert all(len(set(batch)) > 1 for batch in places)
    assert any(batch != sorted(batch) for batch in places)


@pytest.mark.parametrize(("kind", "base"), [("joint", 300), ("stylegan2", 300)])
def test_widths_from_which_the_shape_could_not_be_read_again_are_refused(kind: str, base: int, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no multiple of the size, 64"):
        FIT(kind, tmp_path, size=64, channel_base=base)


def test_an_encoder_of_such_widths_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="channel_base: 300"):
        FIT("style-encoder", tmp_path, channel_base=300)
