"""The loop behind mark.py: dark patches of a picture. A plain reference stands in tests/probes."""

from __future__ import annotations

from typing import Any

from .._jit import kernel


@kernel
def patches(dark: Any, labels: Any, parents: Any, boxes: Any) -> int:
    """Numbers the patches of True pixels that touch by a side, and returns how many there are.

    `dark` bool [H, W]; `labels` int32 [H, W], becomes 1 to n, 0 where not dark; `parents` int32 [H * W // 2 + 2],
    scratch (no two new patches begin side by side, so there are no more); `boxes` int32 [any, 4], becomes first row,
    first column, last row + 1, last column + 1 of patch i + 1 in row i, for as many as it has rows.
    """
    height, width = dark.shape
    count = 0
    for y in range(height):
        for x in range(width):
            labels[y, x] = 0
            if not dark[y, x]:
                continue
            above = labels[y - 1, x] if y > 0 else 0
            left = labels[y, x - 1] if x > 0 else 0
            if above == 0 and left == 0:
                count += 1
                parents[count] = count
                labels[y, x] = count
                continue
            label = left if left else above
            labels[y, x] = label
            if above and left and above != left:
                a, b = above, left
                while parents[a] != a:
                    a = parents[a]
                while parents[b] != b:
                    b = parents[b]
                if a < b:
                    parents[b] = a
                else:
                    parents[a] = b
    found = 0
    for i in range(1, count + 1):  # a parent comes before its children, so it has its final number already
        if parents[i] == i:
            found += 1
            parents[i] = -found
        else:
            root = parents[i]
            parents[i] = parents[root]
    for i in range(min(found, len(boxes))):
        boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3] = height, width, 0, 0
    for y in range(height):
        for x in range(width):
            if labels[y, x]:
                label = -parents[labels[y, x]]
                labels[y, x] = label
                if label <= len(boxes):
                    i = label - 1
                    boxes[i, 0] = min(boxes[i, 0], y)
                    boxes[i, 1] = min(boxes[i, 1], x)
                    boxes[i, 2] = max(boxes[i, 2], y + 1)
                    boxes[i, 3] = max(boxes[i, 3], x + 1)
    return found
