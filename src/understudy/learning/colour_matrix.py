"""The colour conversion of an encoder, measured: what Y, Cb and Cr are of R, G and B, by least squares.

Each block's DC level is its mean, to within half a step over 8, and means of Y, Cb and Cr are the conversion of the
means of R, G and B but for a rounding. So no exact hypothesis is needed: a matrix that is not JFIF's (BT.709, a limited
range, a saturation changed on the way) shows at once, and so does a shift of tone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..steps import Raster
from .observed import Observed

JFIF = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
"""Rows Y, Cb, Cr; columns R, G, B. JFIF 1.02."""
LEAST_BLOCKS = 40
FEW = 0.01
"""Difference of a weight that rounding and noise could make."""


@dataclass(frozen=True)
class ColourMatrix:
    """Y, Cb and Cr (or the one component) of R, G and B, each 0 to 255."""

    weights: tuple[tuple[float, float, float], ...]
    """A row a component."""
    constants: tuple[float, ...]
    """What is added, 0 to 255: JFIF's are 0, 128, 128."""
    errors: tuple[tuple[float, float, float], ...]
    """Standard errors of the weights."""
    blocks: int
    """Blocks of the first component that it stands on."""

    @property
    def is_jfif(self) -> bool:
        """Whether no weight differs from JFIF's by more than five standard errors and a hundredth."""
        rows = zip(self.weights, self.errors, JFIF, strict=False)
        return all(
            abs(found - right) <= max(FEW, 5 * error)
            for weights, errors, wanted in rows
            for found, error, right in zip(weights, errors, wanted, strict=True)
        )


def colour_matrix(raster: Raster, pair: Observed) -> ColourMatrix | None:
    """The matrix that fits best; None for a grey or YCbCr raster, one of another size, or colours too much alike.

    raster: RGB samples as they reach the encoder, of the received picture's size.
    """
    pixels = raster.pixels
    if pixels.shape[2] < 3 or raster.space != "rgb" or (raster.width, raster.height) != pair.size:
        return None
    weights, constants, errors, blocks = [], [], [], 0
    for i, part in enumerate(pair.coefficients.components):
        h, v = (max(f[axis] for f in pair.factors) // pair.factors[i][axis] for axis in (0, 1))
        rows, columns = pixels.shape[0] // (8 * v), pixels.shape[1] // (8 * h)
        means = pixels[: rows * 8 * v, : columns * 8 * h, :3].reshape(rows, 8 * v, columns, 8 * h, 3).mean((1, 3))
        dc = part.blocks[:rows, :columns, 0, 0] * (float(part.steps[0, 0]) / 8) + 128
        found = _fitted(means.reshape(-1, 3), dc.reshape(-1))
        if found is None:
            return None
        weights.append(found[0])
        constants.append(found[1])
        errors.append(found[2])
        blocks = blocks or rows * columns
    return ColourMatrix(tuple(weights), tuple(constants), tuple(errors), blocks)


Row = tuple[float, float, float]


def _fitted(means: NDArray[Any], values: NDArray[Any]) -> tuple[Row, float, Row] | None:
    """(weights, constant, standard errors) of values by means, clipped blocks left out."""
    inside = (means > 4).all(axis=1) & (means < 251).all(axis=1)
    if np.count_nonzero(inside) < LEAST_BLOCKS:
        return None
    design = np.column_stack([means[inside], np.ones(np.count_nonzero(inside))])
    normal = design.T @ design
    if np.linalg.cond(normal) > 1e12:
        return None
    solved = np.linalg.solve(normal, design.T @ values[inside])
    residual = values[inside] - design @ solved
    spread = np.sqrt(np.diag(np.linalg.inv(normal)) * (residual**2).sum() / max(1, len(design) - 4))
    w, e = solved.tolist(), spread.tolist()
    return (w[0], w[1], w[2]), w[3], (e[0], e[1], e[2])
