import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.waveform import MAX_COLUMNS, Outliner, Waveform


def outline(*chunks: np.ndarray):
    outliner = Outliner()
    for chunk in chunks:
        outliner.add(chunk)
    return outliner.finished()


@settings(max_examples=30)
@given(length=st.integers(0, 400_000), cut=st.integers(0, 400_000))
def test_it_is_narrow_enough_holds_the_extremes_and_is_the_same_however_cut(length: int, cut: int):
    pcm = np.random.default_rng(length).integers(-32768, 32767, length).astype(np.int16)
    drawn = outline(pcm[:cut], pcm[cut:])
    assert drawn == outline(pcm)
    assert len(drawn.lowest) == len(drawn.highest) == min(MAX_COLUMNS, -(-length // 160))
    if length:
        assert (min(drawn.lowest), max(drawn.highest)) == (pcm.min() >> 8, pcm.max() >> 8)


def test_a_loud_moment_is_seen_where_it_is():
    pcm = np.zeros(16_000 * 60, np.int16)
    pcm[16_000 * 15] = 20_000
    drawn = outline(pcm)
    assert [column for column, high in enumerate(drawn.highest) if high] == [pytest.approx(250, abs=1)]
    assert set(drawn.lowest) == {0}


def test_nothing_has_no_outline():
    assert outline() == outline(np.zeros(0, np.int16)) == Waveform()
