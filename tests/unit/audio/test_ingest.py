from typing import Any

import pytest

from audio.ingest import Verdict, judge
from audio.limits import AudioLimits
from audio.report import Figures, Inspection
from audio.waveform import Waveform
from base.errors import Refused

GOOD = {
    "samples": 160_000,
    "peak": 20_000,
    "over_limit": False,
    "header_ms": 10_000,
    "header_exact": True,
    "packets": 400,
    "damaged": 0,
    "inspection": Inspection(Figures(-20, -3, 10_000, 0.5, 30), (), Waveform()),
}


def refusal(**changes: Any):
    with pytest.raises(Refused) as caught:
        judge(Verdict(**(GOOD | changes)), name="a.mp3", limits=AudioLimits())
    return caught.value.code


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"header_ms": None},
        {"header_ms": 10_900},
        {"header_ms": 30_000, "header_exact": False},
        {"damaged": 40},
        {"samples": 4800, "header_ms": 300},
    ],
)
def test_a_good_file_is_accepted(changes: dict[str, Any]):
    judge(Verdict(**(GOOD | changes)), name="a.mp3", limits=AudioLimits())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"over_limit": True}, "audio.too_long"),
        ({"samples": 0}, "audio.not_audio"),
        ({"header_ms": 20_000}, "audio.truncated"),
        ({"header_ms": 2_000}, "audio.duration_mismatch"),
        ({"damaged": 50}, "audio.damaged"),
        ({"samples": 1600, "header_ms": 100}, "audio.too_short"),
        ({"peak": 20}, "audio.silent"),
        ({"header_exact": False, "damaged": 300}, "audio.not_audio"),
        ({"header_exact": False, "header_ms": 60_000}, "audio.not_audio"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(changes: dict[str, Any], code: str):
    assert refusal(**changes) == code
