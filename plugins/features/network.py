"""A timm network as :class:`shiftlens.plugin.Features`: pictures in, feature maps out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ... import BackboneUnusable, UsageError
from ...plugin import quoted

FINAL = "final"
_MEAN_STD = {
    "0..1": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "-1..1": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


class TimmFeatures:
    """Feature maps of convolutional networks and of vision transformers, whose tokens are laid out on their grid.

    Args:
        network: the network with its weights.
        size: side of the square that it sees, in pixels.
        input_range: what it was trained on: ``0..1``, ``-1..1`` or ``imagenet`` (mean and deviation).
        device: where it runs.
    """

    def __init__(self, network: nn.Module, *, size: int, input_range: str = "-1..1", device: str = "cpu") -> None:
        self.size = size
        network.eval().requires_grad_(False).to(device)
        if device == "cpu":  # a third to a half faster there at every size that was tried (see the README)
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network: Any = network
        self._device = torch.device(device)
        self._steps = [info["module"] for info in getattr(network, "feature_info", [])] if _taps(network) else []
        self.layers: tuple[str, ...] = (*self._steps, FINAL)
        mean, std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in _MEAN_STD[input_range])
        self._scale, self._offset = 1 / (255 * std), -mean / std

    def maps(self, batch: NDArray[np.uint8], layer: str) -> NDArray[np.float32]:
        """Give ``(images, channels, rows, columns)`` of ``batch`` ``(images, size, size, 3)``.

        Raises:
            UsageError: the network has no such layer.
            BackboneUnusable: what the layer gives is no map.
        """
        if layer not in self.layers:
            raise UsageError(f"no layer {quoted(layer)} in this backbone", hint=f"layers: {', '.join(self.layers)}")
        with torch.inference_mode():
            pictures = self.normalised(batch)
            if layer == FINAL:
                found = _as_map(self.network, self.network.forward_features(pictures))
            else:
                step = self._steps.index(layer)
                found = self.network.forward_intermediates(
                    pictures, indices=[step], intermediates_only=True, stop_early=True, output_fmt="NCHW"
                )[0]
        return found.float().contiguous().cpu().numpy()

    def activations(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Give the maps of several layers in one pass, with gradients towards ``images``.

        Args:
            images: ``(images, 3, rows, columns)`` in -1..1, of any size that the network takes.
            layers: names of :attr:`layers`, the final one excepted.

        Raises:
            UsageError: the network has no such layer before its final map.
        """
        strange = [layer for layer in layers if layer not in self._steps]
        if strange:
            raise UsageError(f"no layer {quoted(strange[0])} in this backbone", hint=f"layers: {', '.join(self._steps)}")
        wanted = [step for step in self._steps if step in set(layers)]
        pictures = images.to(self._device).add(1).mul(127.5).mul(self._scale).add(self._offset)
        found = self.network.forward_intermediates(
            pictures, indices=[self._steps.index(step) for step in wanted], intermediates_only=True, stop_early=True,
            output_fmt="NCHW",
        )  # fmt: skip
        return dict(zip(wanted, found, strict=True))

    def normalised(self, batch: NDArray[np.uint8]) -> Tensor:
        """Give pictures as the network wants them: ``(images, 3, size, size)`` ``float32``."""
        pixels = torch.tensor(batch, device=self._device).permute(0, 3, 1, 2)
        return pixels.float().mul(self._scale).add(self._offset)


def _taps(network: nn.Module) -> bool:
    return hasattr(network, "forward_intermediates")


def _as_map(network: nn.Module, found: Tensor) -> Tensor:
    """Lay out what ``forward_features`` gives as ``(images, channels, rows, columns)``."""
    if isinstance(found, Tensor) and found.ndim == 4:
        return found.permute(0, 3, 1, 2) if getattr(network, "output_fmt", "NCHW") == "NHWC" else found
    grid = getattr(getattr(network, "patch_embed", None), "grid_size", None)
    if isinstance(found, Tensor) and found.ndim == 3 and grid is not None:
        tokens = found[:, int(getattr(network, "num_prefix_tokens", 0)) :]
        if tokens.shape[1] == grid[0] * grid[1]:
            return tokens.transpose(1, 2).reshape(len(tokens), -1, *grid)
    raise BackboneUnusable(
        f"the final features of {type(network).__name__} are no map: {tuple(getattr(found, 'shape', ()))}",
        hint="choose a network with a spatial feature map, or another layer of this one",
    )
