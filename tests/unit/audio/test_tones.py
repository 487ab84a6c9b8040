from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.codec import Pcm
from audio.tones import BELL, HORN, MAX_HZ, SINE, TONES, Segment, duration_ms, synthesize

segments = st.lists(
    st.builds(
        Segment,
        st.integers(0, MAX_HZ),
        st.integers(0, MAX_HZ),
        st.integers(0, 400),
        st.sampled_from([SINE, HORN, BELL]),
    ),
    max_size=6,
)


def strongest_hz(pcm: Pcm, rate_hz: int = 16_000):
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    return np.argmax(spectrum) * rate_hz / len(pcm)


@settings(max_examples=60)
@given(segments, st.integers(1, 3), st.integers(0, 300))
def test_any_tone_has_its_length_starts_and_ends_softly_and_stays_under_its_level(
    parts: list[Segment], repeat: int, gap_ms: int
):
    pcm = synthesize(parts, repeat=repeat, gap_ms=gap_ms)
    assert len(pcm) == duration_ms(parts, repeat, gap_ms) * 16
    assert np.abs(pcm.astype(int)).max(initial=0) <= round(32767 * 10 ** (-6 / 20)) + 1
    if parts and parts[0].duration_ms > 10:
        assert pcm[0] == 0


@pytest.mark.parametrize("name", sorted(TONES))
def test_named_tones_are_loud_and_never_clip(name: str):
    tone = TONES[name]
    pcm = synthesize(tone.segments, repeat=tone.repeat, gap_ms=tone.gap_ms)
    assert 8000 < np.abs(pcm.astype(int)).max() < 32767 * 0.52


def test_the_evacuation_signal_is_temporal_three():
    tone = TONES["evacuate"]
    pcm = synthesize(tone.segments, repeat=2, gap_ms=tone.gap_ms)
    sounding = np.abs(pcm.astype(int)).reshape(-1, 1_600).max(axis=1) > 1_000
    three = [True] * 5 + [False] * 5 + [True] * 5 + [False] * 5 + [True] * 5
    assert sounding.tolist() == three + [False] * 15 + three
    assert abs(strongest_hz(pcm[:8_000]) - 520) < 3


@pytest.mark.parametrize(("name", "first_hz", "last_hz"), [("sweep-up", 400, 1_200), ("sweep-down", 1_200, 400)])
def test_a_sweep_goes_from_one_pitch_to_the_other(name: str, first_hz: int, last_hz: int):
    pcm = synthesize(TONES[name].segments)
    ends = (pcm[:1_600], pcm[-1_600:])
    for end, hz in zip(ends, (first_hz, last_hz), strict=True):
        assert abs(strongest_hz(end) - hz) < 60


@pytest.mark.parametrize(
    ("name", "blasts", "blast_s", "gap_s"),
    [("siren-flood", 2, 10, 10), ("siren-storm", 3, 20, 10), ("siren-extreme", 5, 30, 5)],
)
def test_sirens_follow_hues_rule(name: str, blasts: int, blast_s: int, gap_s: int):
    tone = TONES[name]
    pcm = synthesize(tone.segments, repeat=tone.repeat, gap_ms=tone.gap_ms)
    assert len(pcm) == 16_000 * (blasts * blast_s + (blasts - 1) * gap_s)
    sounding = np.abs(pcm.astype(int)).reshape(-1, 1600).max(axis=1) > 1000
    starts = np.flatnonzero(np.diff(np.concatenate(([False], sounding)).astype(int)) == 1)
    assert list(starts / 10) == [number * (blast_s + gap_s) for number in range(blasts)]
    assert sounding.sum() / 10 == blasts * blast_s


def test_chimes_and_the_drill_last_as_long_as_they_are_meant_to():
    lengths = {name: duration_ms(*TONES[name]) for name in ("chime", "station", "all-clear", "drill")}
    assert lengths == {"chime": 1500, "station": 2700, "all-clear": 6000, "drill": 3000}


@pytest.mark.parametrize("shape", [SINE, HORN, BELL])
def test_a_steady_tone_has_the_pitch_it_was_asked_for(shape: int):
    assert strongest_hz(synthesize([Segment(880, 880, 1000, shape)])) == pytest.approx(880, abs=2)


def test_a_glide_ends_at_the_pitch_it_was_asked_for():
    pcm = synthesize([Segment(400, 800, 4000, SINE)])
    assert strongest_hz(pcm[:3200]) == pytest.approx(410, abs=8)
    assert strongest_hz(pcm[-3200:]) == pytest.approx(790, abs=8)


def test_a_siren_holds_odd_harmonics_and_a_sine_none():
    def share_at_third(shape: int):
        spectrum = np.abs(np.fft.rfft(synthesize([Segment(500, 500, 1000, shape)])))
        return spectrum[1500] / spectrum[500]

    assert share_at_third(HORN) == pytest.approx(1 / 3, abs=0.02)
    assert share_at_third(SINE) < 0.001


def test_a_bell_dies_away():
    pcm = np.abs(synthesize([Segment(600, 600, 1000, BELL)]).astype(int))
    assert pcm[-3200:-1600].max() < pcm[:3200].max() / 10


def test_joined_glides_have_no_click():
    pcm = synthesize([Segment(400, 800, 777, SINE), Segment(800, 400, 501, SINE)]).astype(float)
    steepest = 2 * np.pi * 800 / 16_000 * 32767 * 10 ** (-6 / 20)
    assert np.abs(np.diff(pcm)).max() < steepest * 1.02


def test_edges_rise_over_five_milliseconds():
    pcm = np.abs(synthesize([Segment(1000, 1000, 100, SINE), Segment(0, 0, 50), Segment(1000, 1000, 100, SINE)]))
    assert pcm[:8].max() < pcm.max() / 4
    assert pcm[1592:1600].max() < pcm.max() / 4
    assert pcm[2400:2408].max() < pcm.max() / 4


def test_a_level_is_a_peak_level():
    assert np.abs(synthesize([Segment(440, 440, 500, SINE)], level_dbfs=-20).astype(int)).max() == pytest.approx(
        3277, abs=40
    )


def test_the_drill_is_unlike_every_siren():
    drill = {segment.shape for segment in TONES["drill"].segments}
    assert HORN not in drill
    assert all(segment.shape == HORN for name in TONES if name.startswith("siren") for segment in TONES[name].segments)


@pytest.mark.parametrize(
    ("parts", "options"),
    [
        ([(440, 440, 100, 3)], {}),
        ([(6000, 440, 100, 0)], {}),
        ([(440, -1, 100, 0)], {}),
        ([(440, 440, -1, 0)], {}),
        ([(440, 440, 100, 0)], {"repeat": 0}),
        ([(440, 440, 100, 0)], {"gap_ms": -1}),
        ([(440, 440, 100, 0)], {"level_dbfs": 0.5}),
        ([(440, 440, 60_000, 0)], {"repeat": 16}),
    ],
)
def test_parameters_no_tone_can_have_are_refused(parts: list[Segment], options: dict[str, Any]):
    with pytest.raises(ValueError):
        synthesize(parts, **options)
