import numpy as np
import pytest
from numpy.typing import NDArray

from audio.trim import Cutter, Trim, tapped
from base.errors import Refused

RATE_HZ = 16_000


def pieces(seconds: int, size: int) -> list[NDArray[np.int16]]:
    whole = np.arange(seconds * 1000, dtype=np.int16).repeat(RATE_HZ // 1000).reshape(1, -1)
    return [whole[:, at : at + size] for at in range(0, whole.shape[1], size)]


@pytest.mark.parametrize("size", [1, 37, 16_000, 80_000])
def test_the_part_is_cut_to_the_sample_however_it_comes(size: int):
    cutter = Cutter(Trim(1_250, 3_001))
    kept = np.concatenate([cutter.cut(piece, RATE_HZ)[0] for piece in pieces(5 if size > 1 else 4, size)])
    assert len(kept) == 1_751 * 16
    assert (kept[0], kept[-1]) == (1_250, 3_000)


def test_an_open_end_is_the_sounds_end_and_nothing_said_is_the_whole():
    assert [Cutter(trim).cut(pieces(2, 32_000)[0], RATE_HZ).shape[1] for trim in (Trim(500), Trim())] == [
        24_000,
        32_000,
    ]


def test_a_tap_sees_the_same_part_at_whatever_rate_it_comes():
    seen: list[tuple[int, int]] = []
    tap = tapped(lambda samples, rate_hz: seen.append((samples.shape[1], rate_hz)), Trim(1_000, 2_500))
    for rate_hz in (48_000, 48_000, 8_000):
        tap(np.zeros((2, rate_hz), np.float32), rate_hz)
    assert seen == [(0, 48_000), (48_000, 48_000), (4_000, 8_000)]


@pytest.mark.parametrize("trim", [Trim(-1), Trim(5, 5), Trim(9, 3), Trim(0, 10**15), Trim(10**15), Trim(0, 0)])
def test_what_is_no_part_of_any_sound_is_refused(trim: Trim):
    with pytest.raises(Refused) as caught:
        trim.check("a.webm")
    assert caught.value.code == "audio.trim_wrong"


@pytest.mark.parametrize("trim", [Trim(10_000), Trim(0, 11_001), Trim(20_000, 30_000)])
def test_a_part_past_the_end_is_refused(trim: Trim):
    with pytest.raises(Refused) as caught:
        trim.check_within("a.webm", 10_000)
    assert (caught.value.code, caught.value.params["decoded_s"]) == ("audio.trim_outside", 10.0)


@pytest.mark.parametrize("trim", [Trim(), Trim(9_999), Trim(0, 10_900), Trim(2, 3)])
def test_a_part_of_the_sound_is_accepted_with_what_a_browser_rounds(trim: Trim):
    trim.check("a.webm")
    trim.check_within("a.webm", 10_000)
