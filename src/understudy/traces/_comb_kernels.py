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
_PAIRS = 16
"""Products of two unknowns' columns, 15, and one place that fills a vector register."""
_WINDOW = 4
"""Neighbouring levels over which a smooth factor is taken for constant, where only a bound is asked."""
_ROUNDS = 30
"""Steps at most: most fits need three."""


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
    rounding to whole samples), cut at four of its deviations. Both signs of a level together.
    """
    for n in range(last + 1):
        out[n] = 0.0
    points = int((last + 1) * step / earlier) + 2
    decay = math.exp(-earlier / mean_size)
    mass = 1.0 - math.exp(-0.5 * earlier / mean_size)
    following = math.exp(-0.5 * earlier / mean_size) * (1.0 - decay)
    for m in range(points):
        at = m * earlier
        low = max(0, int((at - 4 * sigma) / step + 0.5))
        high = int((at + 4 * sigma) / step + 0.5)
        one = low == high
        high = min(last, high)
        if one and at >= 4 * sigma:
            if low <= last:
                out[low] += mass  # all of it, but for one part in 16,000
        elif at >= 4 * sigma:
            below = 0.0
            for n in range(low, high + 1):
                above = _normal(((n + 0.5) * step - at) / sigma)
                out[n] += mass * (above - below)
                below = above
        else:  # the error may turn the sign of a small value
            for n in range(low, high + 1):
                share = _normal(((n + 0.5) * step - at) / sigma) - _normal(((n - 0.5) * step - at) / sigma)
                if n > 0:
                    share += _normal(((0.5 - n) * step - at) / sigma) - _normal(((-0.5 - n) * step - at) / sigma)
                out[n] += mass * share
        mass = following
        following *= decay


@kernel
def _newton_step(sums: Any, wanted: Any, beta: Any, step: Any) -> Any:
    """Fills `step` with Newton's step from `beta`; returns by how much a parabola would rise along it.

    sums: the 15 sums of the means times pairs of columns, (0,0) (0,1) .. (0,4) (1,1) ..; wanted: the counts' sums.
    """
    hessian = np.empty((_UNKNOWNS, _UNKNOWNS))
    at = 0
    for i in range(_UNKNOWNS):
        for j in range(i, _UNKNOWNS):
            hessian[j, i] = sums[at]
            at += 1
    for i in range(_UNKNOWNS):
        step[i] = wanted[i] - sums[i]  # column 0 is all ones
        if i:
            step[i] -= 0.05 * beta[i]
            hessian[i, i] += 0.05
    rise = 0.0
    for i in range(_UNKNOWNS):  # Cholesky and the lower triangle's solution at once
        for j in range(i + 1):
            s = hessian[i, j]
            for k in range(j):
                s -= hessian[i, k] * hessian[j, k]
            hessian[i, j] = math.sqrt(max(s, 1e-9)) if i == j else s / hessian[j, j]
        for k in range(i):
            step[i] -= hessian[i, k] * step[k]
        step[i] /= hessian[i, i]
        rise += 0.5 * step[i] * step[i]
    for i in range(_UNKNOWNS - 1, -1, -1):
        for k in range(i + 1, _UNKNOWNS):
            step[i] -= hessian[k, i] * step[k]
        step[i] /= hessian[i, i]
    return rise


@kernel
def _fit(counts: Any, shares: Any, columns: Any, pairs: Any, last: Any, floor: Any, beta: Any, mean: Any) -> Any:
    """The largest log-likelihood of Poisson counts 1 to last whose mean is shares * exp(columns @ beta), ridge on beta.

    It starts from `beta`, and ends early, with something below `floor`, once the largest is sure to be below it.
    """
    wanted = np.zeros(_UNKNOWNS)
    sums = np.zeros(_PAIRS)
    step = np.empty(_UNKNOWNS)
    constant = 0.0
    for n in range(1, last + 1):
        constant += counts[n] * math.log(shares[n])
        for i in range(_UNKNOWNS):
            wanted[i] += counts[n] * columns[n, i]
    best = -1e300
    for _ in range(_ROUNDS):
        b0, b1, b2, b3, b4 = beta[0], beta[1], beta[2], beta[3], beta[4]
        for i in range(_PAIRS):
            sums[i] = 0.0
        for n in range(1, last + 1):
            eta = b0 + b1 * columns[n, 1] + b2 * columns[n, 2] + b3 * columns[n, 3] + b4 * columns[n, 4]
            mu = shares[n] * math.exp(min(eta, 60.0))
            mean[n] = mu
            for i in range(_PAIRS):
                sums[i] += mu * pairs[n, i]
        value = constant - sums[0]
        for i in range(_UNKNOWNS):
            value += beta[i] * wanted[i] - (0.025 * beta[i] * beta[i] if i else 0.0)
        if value < best:  # the step was too long: a quarter of it
            for i in range(_UNKNOWNS):
                beta[i] -= 0.75 * step[i]
                step[i] *= 0.25
            continue
        best = value
        rise = _newton_step(sums, wanted, beta, step)
        # c eta - exp(eta) rises at most twice as far as its parabola while eta moves by 3 or less, and 4 times by 9
        if rise < 0.02 or best + 4 * rise < floor:
            return best + rise
        longest = 0.0
        for i in range(_UNKNOWNS):
            longest = max(longest, abs(step[i]))
        for i in range(_UNKNOWNS):
            step[i] *= min(1.0, 3.0 / longest)
            beta[i] += step[i]
    return best


@kernel
def _most(counts: Any, shares: Any, plain: Any, smooth: Any, last: Any) -> Any:
    """About the most log-likelihood that `shares` can win over `plain`, before anything is fitted.

    Where any factor may lift or lower each window of `_WINDOW` levels, only the division of a window's levels among its
    sizes counts; level 1 is free. smooth: the fitted means of `plain`, whose trend within a window is kept.
    """
    won = 0.0
    for first in range(2, last + 1, _WINDOW):
        levels, mean, mine = 0.0, 0.0, 0.0
        for n in range(first, min(first + _WINDOW, last + 1)):
            levels += counts[n]
            mean += smooth[n]
            mine += shares[n] * smooth[n] / plain[n]
            won += counts[n] * math.log(shares[n] / plain[n])
        won -= levels * math.log(mine / mean) + levels - mean
        if levels > 0:
            won += levels * math.log(levels / mean)
    return won


@kernel
def _distance(counts: Any, mean: Any, last: Any) -> Any:
    """Pearson's chi-square of counts 1 to last."""
    chi = 0.0
    for n in range(1, last + 1):
        chi += (counts[n] - mean[n]) ** 2 / (mean[n] + 0.5)
    return chi


@kernel
def _mixed(q: Any, step: Any, mean_size: Any, sigma: Any, leak: Any, plain: Any, last: Any, shares: Any) -> None:
    """`shares` of an earlier step q, but for a part `leak` that no comb explains."""
    comb_shares(float(q), step, mean_size, sigma, last, shares)
    for n in range(1, last + 1):
        shares[n] = (1 - leak) * shares[n] + leak * plain[n]


@kernel
def _columns(last: Any, columns: Any, pairs: Any) -> None:
    """The functions of n that smooth factors are made of, and their products."""
    for n in range(1, last + 1):
        columns[n, 0] = 1.0
        columns[n, 1] = math.log(n) - 0.5 * math.log(last)
        columns[n, 2] = n / last - 0.5
        columns[n, 3] = math.sqrt(n / last) - 0.5
        columns[n, 4] = 1.0 if n == 1 else 0.0  # dead zones and trellis empty level 1 alone
        at = 0
        for i in range(_UNKNOWNS):
            for j in range(i, _UNKNOWNS):
                pairs[n, at] = columns[n, i] * columns[n, j]
                at += 1


@kernel
def _plain(counts: Any, step: Any, last: Any, plain: Any, smooth: Any) -> Any:
    """Fills `plain[1 .. last]`, the shares of values that were rounded once, and `smooth`, where fitting them begins;
    returns the mean absolute value."""
    total, sizes, expected = 0.0, 0.0, 0.0
    for n in range(1, last + 1):
        total += counts[n]
        sizes += counts[n] * (n - 0.5)
    mean_size = max(sizes / total, 0.3) * step
    for n in range(1, last + 1):
        plain[n] = math.exp(-(n - 0.5) * step / mean_size) - math.exp(-(n + 0.5) * step / mean_size) + 1e-300
        expected += plain[n]
    smooth[:] = 0.0
    smooth[0] = math.log(total / expected)
    return mean_size


@kernel
def comb_scores(counts: Any, step: Any, sigma: Any, leak: Any, last: Any, least: Any, scores: Any) -> Any:
    """Fills `scores[q]`, q = 1 to len - 1: log-likelihood of an earlier step q less that of none; returns dispersion.

    `counts[n]`: how many levels have size n, both signs. Each hypothesis's shares may be multiplied by a smooth
    function of n (four unknowns, fitted), so that only what is not smooth counts; level 0 does not. The dispersion is
    Pearson's chi-square of the best hypothesis by degree of freedom. Where the division of levels within windows alone
    costs more than `least` (negative) times the dispersion, the score is that, and nothing is fitted (no answer of 401
    files changed by it). Steps beyond every level score 0.
    """
    columns, pairs = np.empty((last + 1, _UNKNOWNS)), np.zeros((last + 1, _PAIRS))
    _columns(last, columns, pairs)
    plain, shares = np.empty(last + 1), np.empty(last + 1)
    trend, mean = np.empty(last + 1), np.empty(last + 1)
    smooth, beta = np.empty(_UNKNOWNS), np.empty(_UNKNOWNS)
    mean_size = _plain(counts, step, last, plain, smooth)
    none = _fit(counts, plain, columns, pairs, last, -1e300, smooth, mean)
    best, freedom = none, max(1, last - _UNKNOWNS)
    chi = _distance(counts, mean, last)
    for n in range(1, last + 1):
        trend[n] = mean[n]
    first = 1
    for q in range(1, len(scores)):
        scores[q] = 0.0
        if q <= (last + 0.5) * step + 4 * sigma:
            _mixed(q, step, mean_size, sigma, leak, plain, last, shares)
            scores[q] = _most(counts, shares, plain, trend, last)
            first = q if scores[q] > scores[first] else first
    for place in range(len(scores)):  # the most promising first: the dispersion that it leaves rules others out
        q = place if place else first
        floor = least * max(1.0, chi / freedom)
        if (place == first and place) or scores[q] < floor or q > (last + 0.5) * step + 4 * sigma:
            continue
        _mixed(q, step, mean_size, sigma, leak, plain, last, shares)
        for i in range(_UNKNOWNS):
            beta[i] = smooth[i]  # a comb differs from the smooth histogram by what has no trend
        value = _fit(counts, shares, columns, pairs, last, none + 2 * floor, beta, mean)
        scores[q] = value - none
        if value > best:
            best = value
            chi = _distance(counts, mean, last)
    return max(1.0, chi / freedom)


@kernel
def comb_weights(counts: Any, step: Any, q: Any, sigma: Any, leak: Any, last: Any, out: Any) -> None:
    """`out[n]`, n = 1 to last: log of how much likelier level n is after an earlier step q than after none.

    Both as fitted to `counts`, as in `comb_scores`; level 0 and levels beyond `last` say 0.
    """
    columns, pairs = np.empty((last + 1, _UNKNOWNS)), np.zeros((last + 1, _PAIRS))
    _columns(last, columns, pairs)
    plain, shares = np.empty(last + 1), np.empty(last + 1)
    none, mean, beta = np.empty(last + 1), np.empty(last + 1), np.empty(_UNKNOWNS)
    mean_size = _plain(counts, step, last, plain, beta)
    _fit(counts, plain, columns, pairs, last, -1e300, beta, none)
    _mixed(q, step, mean_size, sigma, leak, plain, last, shares)
    _fit(counts, shares, columns, pairs, last, -1e300, beta, mean)
    out[:] = 0.0
    for n in range(1, last + 1):
        out[n] = math.log(mean[n] / none[n])


@kernel
def region_scores(blocks: Any, weights: Any, side: Any, out: Any) -> None:
    """Adds to `out[y // side, x // side]` the weights of the levels of block (y, x).

    `blocks` int16 `[v, h, 64]`; `weights[k, n]` of level n or -n in frequency k, 0 where it says nothing.
    """
    for y in range(blocks.shape[0]):
        for x in range(blocks.shape[1]):
            total = 0.0
            for k in range(1, 64):
                size = abs(np.int64(blocks[y, x, k]))
                if 0 < size < weights.shape[1]:
                    total += weights[k, size]
            out[y // side, x // side] += total
