import re

import pytest

from audio.checks import SoundWarning, WarningKind
from audio.report import SILENT_LUFS, Figures, Inspection, SoundReport
from audio.waveform import Waveform
from server.web.sound_report import WARNINGS, WIDTH, outline, view

AFTER = Figures(-14.0, -3.1, 58_000, 0.62, 20)


def report(*warnings: SoundWarning, lufs: float = -32.4, waveform: Waveform = Waveform()) -> SoundReport:  # noqa: B008 - a tuple
    return SoundReport(Inspection(Figures(lufs, -12, 60_000, 0.41, 12), warnings, waveform), AFTER)


def points(path: str) -> list[tuple[int, int]]:
    """Walks the path as a browser does."""
    x = y = 0
    walked = []
    for command, numbers in re.findall(r"([MlVhz])([^MlVhz]*)", path):
        values = [int(number) for number in re.findall(r"-?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "V":
            y = values[0]
        elif command == "h":
            x += values[0]
        for dx, dy in zip(values[::2], values[1::2], strict=True) if command == "l" else ():
            x, y = x + dx, y + dy
            walked.append((x, y))
    return walked


def test_the_outline_goes_along_the_top_and_back_along_the_bottom():
    path = outline(Waveform((-128, -64, 0, -10), (127, 64, 0, 10)))
    walked = points(path)
    assert path.startswith("M0 1l")
    assert walked[3] == (WIDTH, 47)
    assert walked[-1] == (0, 100)
    assert all(0 <= x <= WIDTH and 0 <= y <= 100 for x, y in walked)


def test_the_longest_outline_is_small_and_keeps_single_peaks():
    highest = tuple(127 if column % 5 == 0 else column % 100 for column in range(1000))
    lowest = tuple(-value for value in highest)
    path = outline(Waveform(lowest, highest))
    assert len(path) < 10_000
    tops = [y for _, y in points(path)[:WIDTH]]
    assert tops.count(1) >= 150


def test_a_short_sound_and_none_at_all_have_an_outline_too():
    assert points(outline(Waveform((-1,), (1,))))[0][0] == WIDTH
    assert outline(Waveform()) == f"M0 50h{WIDTH}"


@pytest.mark.parametrize(
    ("lufs", "gain_db", "word"),
    [
        (-32.4, 18, "It was quiet"),
        (-20.0, 6, "It was a little quiet"),
        (-14.4, 0, "It was loud enough"),
        (-6.0, -8, "It was loud"),
    ],
)
def test_what_was_done_is_said_in_plain_words(lufs: float, gain_db: int, word: str):
    shown = view(report(lufs=lufs))
    assert shown is not None
    assert (shown.gain_db, shown.loudness_sign.word, shown.cut_ms) == (gain_db, word, 2_000)


def test_warnings_name_their_places_and_mark_them():
    spans = tuple((start * 1_000, start * 1_000 + 500) for start in (1, 10, 20, 30, 40, 59))
    shown = view(report(SoundWarning(WarningKind.CLIPPING, spans)))
    assert shown is not None
    (warning,) = shown.warnings
    assert warning.places == ("0:01–0:02", "0:10", "0:20", "0:30")
    assert warning.more == 2
    assert (warning.marks[0].left, warning.marks[0].width) == (pytest.approx(6.7), pytest.approx(3.3))
    assert all(mark.left >= 0 and mark.left + mark.width <= WIDTH for mark in warning.marks)


def test_silence_that_was_cut_from_the_ends_is_no_warning():
    ends, inside = ((0, 6_000), (52_000, 60_000)), (20_000, 27_000)
    assert view(report(SoundWarning(WarningKind.LONG_SILENCE, ends))).warnings == ()  # type: ignore[union-attr]
    shown = view(report(SoundWarning(WarningKind.LONG_SILENCE, (ends[0], inside, ends[1]))))
    assert shown is not None
    assert [warning.places for warning in shown.warnings] == [("0:20–0:27",)]


def test_a_warning_about_the_whole_names_no_place():
    shown = view(report(SoundWarning(WarningKind.VERY_QUIET, ((0, 60_000),))))
    assert shown is not None
    assert (shown.warnings[0].places, shown.warnings[0].more) == ((), 0)


def test_there_are_words_for_every_warning():
    assert set(WARNINGS) == set(WarningKind)


def test_silence_has_no_loudness_and_old_sounds_no_report():
    shown = view(report(lufs=SILENT_LUFS))
    assert shown is not None
    assert shown.silent
    assert view(None) is None
