"""transcode: a sent JPEG -> the same coefficients, entropy-coded anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Interval

from ..codec import scans
from ..errors import PictureError
from ..jpeg.compose import Encoded, Huffman, encode
from ..jpeg.entropy_decode import read_coefficients
from ..jpeg.entropy_encode import LIBJPEG_MOST_CORRECTIONS
from ..jpeg.parse import parse
from ..jpeg.syntax import NATURAL_OF_ZIGZAG, QuantTable, ScanSpec
from .base import Context, Source, Step
from .decode import is_rgb
from .encode import is_progressive


@dataclass(frozen=True)
class Transcode(Step):
    """What `jpegtran` and lossless optimisers do: no coefficient changes, only scans, Huffman tables, restarts."""

    name: ClassVar[str] = "transcode"
    takes: ClassVar[type] = Source
    gives: ClassVar[type] = Encoded

    script: str | tuple[ScanSpec, ...] = "baseline"
    """A scan script of `codec.scans` by name, or the scans themselves."""
    huffman: Huffman = Huffman.OPTIMAL
    """Where the Huffman tables come from; progressive scans need `optimal`."""
    restart_interval: Annotated[int, Interval(ge=0, le=65535)] = 0
    """MCUs between RSTm markers; 0 for none."""
    restart_rows: Annotated[int, Interval(ge=0, le=65535)] = 0
    """Rows of MCUs between RSTm markers, instead of `restart_interval`; 0 for none (`jpegtran -restart N`)."""

    def exact(self, value: Source, context: Context) -> Encoded:
        """The coded picture. Raises PictureError if the sent file is no undamaged 8-bit Huffman JPEG."""
        if value.data[:2] != b"\xff\xd8":
            raise PictureError("not a JPEG", place="transcode", expected="a JPEG file", remedy="use another profile")
        stream = parse(value.data)
        coefficients = read_coefficients(stream)
        if coefficients.anomalies:
            raise PictureError(coefficients.anomalies[0].text, place="sent JPEG", expected="whole scans")
        parts = coefficients.components
        script = scans.resolve(self.script, len(parts))
        tables = {c.header.quant_tbl_no: c.steps for c in parts}
        if not all(c.steps.all() and (c.steps == tables[c.header.quant_tbl_no]).all() for c in parts):
            raise PictureError(
                "a component without a quantisation table of its own", place="sent JPEG", expected="DQT before its scan"
            )
        return encode(
            [c.blocks for c in parts],
            width=coefficients.width,
            height=coefficients.height,
            components=[c.header for c in parts],
            quant_tables=[_quant_table(number, tables[number]) for number in sorted(tables)],
            script=script,
            progressive=is_progressive(script),
            huffman=self.huffman,
            restart_interval=self.restart_interval,
            restart_rows=self.restart_rows,
            rgb=is_rgb(stream),
            most_corrections=LIBJPEG_MOST_CORRECTIONS,
        )

    def surrogate(self, value: Any, ops: Any) -> Any:
        """The same `Coded`: no coefficient changes."""
        return value


def _quant_table(Tq: int, steps: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> QuantTable:
    natural = steps.reshape(64).tolist()
    return QuantTable(Tq, tuple(natural[i] for i in NATURAL_OF_ZIGZAG), Pq=1 if max(natural) > 255 else 0)
