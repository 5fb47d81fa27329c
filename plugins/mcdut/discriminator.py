"""The discriminator of CUT: real or made, said for every 70 × 70 patch of a picture."""

from __future__ import annotations

from torch import Tensor, nn

from .norm import InstanceNorm
from .resampling import BlurDown


class Discriminator(nn.Module):
    """PatchGAN with anti-aliased strides: ``(images, 3, rows, columns)`` to ``(images, 1, rows / 8 - 2, columns / 8 - 2)``.

    Args:
        ndf: channels of its first convolution.
    """

    def __init__(self, ndf: int = 64) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(3, ndf, 4, 1, 1), nn.LeakyReLU(0.2, True), BlurDown(ndf)]
        for wide in (2 * ndf, 4 * ndf):
            parts += [nn.Conv2d(wide // 2, wide, 4, 1, 1), InstanceNorm(), nn.LeakyReLU(0.2, True), BlurDown(wide)]
        parts += [nn.Conv2d(4 * ndf, 8 * ndf, 4, 1, 1), InstanceNorm(), nn.LeakyReLU(0.2, True), nn.Conv2d(8 * ndf, 1, 4, 1, 1)]
        self.model = nn.Sequential(*parts)

    def forward(self, images: Tensor) -> Tensor:
        """Give one number a patch: about 1 where it takes the patch for real, 0 where for made."""
        return self.model(images)  # type: ignore[no-any-return]
