"""The loops behind aligned.py: histograms of levels, and how well a comb of an earlier step explains each.

Plain references stand in tests/traces/test_aligned.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .._jit import kernel

BINS = 96
"""Sizes of levels that are counted apart, 0 to 95; larger ones are not counted."""
_UNKNOWNS = 5


@kernel
def level_histograms(blocks: Any, out: Any) -> None:
    """`out[k, s, n]` += blocks whose level k is n (s = 0) or -n (s = 1); `blocks` int16 `[n, 64]`, out int64 [64, 2,
    BINS]."""
    for i in range(blocks.shape[0]):
        for k in range(64):
            level = np.int64(blocks[i, k])
            size = abs(level)
            if size < BINS:
                out[k, 1 if level < 0 else 0, size] += 1


@kernel
def _normal(x: Any) -> Any:
    return 0.5 * math.erfc(-x * 0.7071067811865476)


@kernel
def comb_shares(earlier: Any, step: Any, mean_size: Any, sigma: Any, last: Any, out: Any) -> None:
    """`out[n]`, n = 0 to last: the share of values that land in level n of `step` after rounding to `earlier` before.

    Values are Laplace with mean absolute `mean_size`; between the two roundings a normal error of `sigma` is added (the
    rounding to whole samples). Both signs of a level together.
    """
    for n in range(last + 1):
        out[n] = 0.0
    points = int((last + 1) * step / earlier) + 2
    for m in range(points):
        if m == 0:
            mass = 1.0 - math.exp(-0.5 * earlier / mean_size)
        else:
            mass = math.exp(-(m - 0.5) * earlier / mean_size) - math.exp(-(m + 0.5) * earlier / mean_size)
        at = m * earlier
        low = max(0, int((at - 4 * sigma) / step + 0.5))
        high = min(last, int((at + 4 * sigma) / step + 0.5))
        for n in range(low, high + 1):
            share = _normal(((n + 0.5) * step - at) / sigma) - _normal(((n - 0.5) * step - at) / sigma)
            if n > 0 and at < 4 * sigma:  # the error may turn the sign of a small value
                share += _normal(((0.5 - n) * step - at) / sigma) - _normal(((-0.5 - n) * step - at) / sigma)
            out[n] += mass * share


@kernel
def _fit(counts: Any, offset: Any, basis: Any, last: Any, beta: Any, mean: Any) -> Any:
    """The largest log-likelihood of Poisson counts 1 to last whose log mean is offset + basis @ beta (ridge on
    beta)."""
    total, expected = 0.0, 0.0
    for n in range(1, last + 1):
        total += counts[n]
        expected += math.exp(offset[n])
    for j in range(_UNKNOWNS):
        beta[j] = 0.0
    beta[0] = math.log(total / expected)
    hessian = np.empty((_UNKNOWNS, _UNKNOWNS))
    gradient = np.empty(_UNKNOWNS)
    best = -1e300
    for _ in range(12):
        value = 0.0
        for i in range(_UNKNOWNS):
            ridge = 0.05 if i else 0.0
            gradient[i] = -ridge * beta[i]
            value -= 0.5 * ridge * beta[i] * beta[i]
            for j in range(_UNKNOWNS):
                hessian[i, j] = ridge if i == j else 0.0
        for n in range(1, last + 1):
            eta = offset[n]
            for i in range(_UNKNOWNS):
                eta += basis[n, i] * beta[i]
            eta = min(eta, 30.0)
            mu = math.exp(eta)
            mean[n] = mu
            value += counts[n] * eta - mu
            for i in range(_UNKNOWNS):
                gradient[i] += (counts[n] - mu) * basis[n, i]
                for j in range(i + 1):
                    hessian[i, j] += mu * basis[n, i] * basis[n, j]
        improved = value - best
        best = max(best, value)
        if abs(improved) < 0.03:
            break
        # Cholesky, then one Newton step, no longer than 3 in any direction
        for i in range(_UNKNOWNS):
            for j in range(i + 1):
                s = hessian[i, j]
                for k in range(j):
                    s -= hessian[i, k] * hessian[j, k]
                if i == j:
                    hessian[i, i] = math.sqrt(max(s, 1e-9))
                else:
                    hessian[i, j] = s / hessian[j, j]
        for i in range(_UNKNOWNS):
            s = gradient[i]
            for k in range(i):
                s -= hessian[i, k] * gradient[k]
            gradient[i] = s / hessian[i, i]
        for i in range(_UNKNOWNS - 1, -1, -1):
            s = gradient[i]
            for k in range(i + 1, _UNKNOWNS):
                s -= hessian[k, i] * gradient[k]
            gradient[i] = s / hessian[i, i]
        longest = 0.0
        for i in range(_UNKNOWNS):
            longest = max(longest, abs(gradient[i]))
        factor = min(1.0, 3.0 / longest) if longest > 0 else 0.0
        for i in range(_UNKNOWNS):
            beta[i] += factor * gradient[i]
    return best


@kernel
def comb_scores(counts: Any, step: Any, sigma: Any, leak: Any, last: Any, scores: Any) -> Any:
    """Fills `scores[q]`, q = 1 to len - 1: log-likelihood of an earlier step q less that of none; returns dispersion.

    `counts[n]`: how many levels have size n, both signs. Each hypothesis's shares may be multiplied by a smooth
    function of n (four unknowns, fitted), so that only what is not smooth counts; level 0 does not. The dispersion is
    Pearson's chi-square of the best hypothesis by degree of freedom.
    """
    total, sizes = 0.0, 0.0
    for n in range(1, last + 1):
        total += counts[n]
        sizes += counts[n] * (n - 0.5)
    mean_size = max(sizes / total, 0.3) * step
    basis = np.empty((last + 1, _UNKNOWNS))
    for n in range(1, last + 1):
        basis[n, 0] = 1.0
        basis[n, 1] = math.log(n) - 0.5 * math.log(last)
        basis[n, 2] = n / last - 0.5
        basis[n, 3] = math.sqrt(n / last) - 0.5
        basis[n, 4] = 1.0 if n == 1 else 0.0  # dead zones and trellis empty level 1 alone
    plain, offset = np.empty(last + 1), np.empty(last + 1)
    shares, mean, beta = np.empty(last + 1), np.empty(last + 1), np.empty(_UNKNOWNS)
    for n in range(1, last + 1):
        plain[n] = math.exp(-(n - 0.5) * step / mean_size) - math.exp(-(n + 0.5) * step / mean_size)
        offset[n] = math.log(plain[n] + 1e-300)
    none = _fit(counts, offset, basis, last, beta, mean)
    best = none
    chi = 0.0
    for n in range(1, last + 1):
        chi += (counts[n] - mean[n]) ** 2 / (mean[n] + 0.5)
    for q in range(1, len(scores)):
        comb_shares(float(q), step, mean_size, sigma, last, shares)
        for n in range(1, last + 1):
            offset[n] = math.log((1 - leak) * shares[n] + leak * plain[n] + 1e-300)
        value = _fit(counts, offset, basis, last, beta, mean)
        scores[q] = value - none
        if value > best:
            best = value
            chi = 0.0
            for n in range(1, last + 1):
                chi += (counts[n] - mean[n]) ** 2 / (mean[n] + 0.5)
    return max(1.0, chi / max(1, last - _UNKNOWNS))
