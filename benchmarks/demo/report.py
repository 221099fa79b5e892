"""What a whole run of the demo found, as one value, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

from benchmarks.demo.results import Row, Segment
from benchmarks.demo.trace import Load


@dataclass(frozen=True, slots=True)
class Report:
    """`ground` says where the policies ran (`kernel` or `interpreter`), `how` what that means, in a sentence.

    `cost` is what one decision costs, by policy, in `cost_unit`. `default_to_expected`: how many times the
    GET p99 of an exact simulation the default's measured one is (`nan` where nothing was measured).
    """

    ground: str
    how: str
    workers: int
    repetitions: int
    load: Load
    rows: tuple[Row, ...]
    segments: tuple[Segment, ...]
    cost: dict[str, float]
    cost_unit: str
    default_to_expected: float


def to_json(report: Report) -> str:
    """Durations in nanoseconds. JSON has no infinity and no `nan`: these are the string `"inf"` and null."""
    return json.dumps(_plain(dataclasses.asdict(report)), indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if math.isnan(value):
            return None
        case float() if math.isinf(value):
            return "inf"
        case _:
            return value
