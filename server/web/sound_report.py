"""What was found in a sound and what became of it, made ready to be shown: outline, warnings, figures (pure)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from audio.checks import SoundWarning, WarningKind
from audio.report import SILENT_LUFS, Figures, SoundReport
from audio.spans import Span
from audio.waveform import Waveform
from server.i18n import formats
from server.i18n.catalogue import N_
from server.web.signs import Sign

WIDTH, HEIGHT = 400, 100
"""Of the outline's picture; it is stretched to the page."""
_MIDDLE = HEIGHT // 2
_PLACES_NAMED = 4
_LEAST_MARK = 2.0
_LOUDER_DB = 3
_MUCH_LOUDER_DB = 12
_SHORTER_MS = 1_000
_EDGE_MS = 100

WARNINGS: dict[WarningKind, tuple[str, str]] = {
    WarningKind.CLIPPING: (
        N_("Recorded too loud: the peaks are cut off and sound harsh"),
        N_("Cut-off peaks cannot be repaired. If you can, record again further from the microphone, or turn it down."),
    ),
    WarningKind.LONG_SILENCE: (
        N_("A long silence"),
        N_("Listeners may think that the broadcast is over. Cut it out, if it is not meant."),
    ),
    WarningKind.VERY_QUIET: (
        N_("Recorded very quietly"),
        N_("It was made louder, and its noise with it. If you can, record again closer to the microphone."),
    ),
    WarningKind.MOSTLY_NOISE: (
        N_("Mostly noise: hardly any speech stands out"),
        N_("Listen before you use it. Record again in a quieter place, or try “Reduce steady noise”."),
    ),
    WarningKind.OUT_OF_PHASE: (
        N_("Left and right cancel each other"),
        N_("Only one side is used, so that the sound is whole. Check the cable of the microphone or the mixer."),
    ),
    WarningKind.MUSIC_LIKE: (
        N_("Sounds like music"),
        N_("If it is music, send it as “Music”: the kind “A voice” thins it out."),
    ),
}
"""What is wrong, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the outline, in its own units."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class WarningView:
    """A warning in words; `places` are times such as 0:05–0:12, empty when it is about the whole."""

    said: str
    advice: str
    places: tuple[str, ...]
    more: int
    marks: tuple[Mark, ...]
    tone: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """All a page shows of it."""

    outline: str
    warnings: tuple[WarningView, ...]
    before: Figures
    after: Figures
    gain_db: int
    """How much louder it was made; negative: quieter."""
    loudness_sign: Sign
    cut_ms: int
    """Silence taken from its ends; 0 when hardly any."""

    @property
    def silent(self) -> bool:
        """Whether the loudness of what came in has no number."""
        return self.before.lufs <= SILENT_LUFS


def view(report: SoundReport | None) -> ReportView | None:
    """None for a sound that was kept before there were reports."""
    if report is None:
        return None
    before, after = report.before.figures, report.after
    gain_db = round(after.lufs - before.lufs)
    cut_ms = before.duration_ms - after.duration_ms
    return ReportView(
        outline=outline(report.before.waveform),
        warnings=tuple(_warnings(report.before.warnings, before.duration_ms, ends_cut=cut_ms >= _SHORTER_MS)),
        before=before,
        after=after,
        gain_db=gain_db,
        loudness_sign=_loudness_sign(gain_db),
        cut_ms=cut_ms if cut_ms >= _SHORTER_MS else 0,
    )


def outline(waveform: Waveform) -> str:
    """The data of an SVG path around the waveform: along the highest samples, back along the lowest."""
    if not waveform.highest:
        return f"M0 {_MIDDLE}h{WIDTH}"
    columns = min(WIDTH, len(waveform.highest))
    upper = [_MIDDLE - max(1, value * _MIDDLE // 128) for value in _columns(waveform.highest, columns, max)]
    lower = [_MIDDLE + max(1, -value * _MIDDLE // 128) for value in _columns(waveform.lowest, columns, min)]
    at = [column * WIDTH // columns for column in range(columns)] + [WIDTH]
    there = _steps(at, [*upper, upper[-1]])
    back = _steps(at[::-1], [lower[-1], *lower[::-1]])
    return f"M0 {upper[0]}l{there}V{lower[-1]}l{back}z"


def _columns(values: tuple[int, ...], columns: int, extreme: Callable[[tuple[int, ...]], int]) -> Iterator[int]:
    for column in range(columns):
        start, end = column * len(values) // columns, (column + 1) * len(values) // columns
        yield extreme(values[start:end])


def _steps(across: list[int], down: list[int]) -> str:
    """Relative steps, the shortest way to write them: a sign also separates."""
    steps = zip(across, across[1:], down, down[1:], strict=False)
    numbers = [number for x0, x1, y0, y1 in steps for number in (x1 - x0, y1 - y0)]
    return "".join(str(number) if number < 0 or not place else f" {number}" for place, number in enumerate(numbers))


def _warnings(found: tuple[SoundWarning, ...], duration_ms: int, *, ends_cut: bool) -> Iterator[WarningView]:
    for kind, spans in found:
        if kind is WarningKind.LONG_SILENCE and ends_cut:  # what was cut from the ends nobody will hear
            inside = tuple(span for span in spans if span[0] > 0 and span[1] < duration_ms - _EDGE_MS)
        else:
            inside = spans
        if inside:
            yield _warning(kind, inside, duration_ms)


def _warning(kind: WarningKind, spans: tuple[Span, ...], duration_ms: int) -> WarningView:
    said, advice = WARNINGS[kind]
    tone = "bad" if kind is WarningKind.CLIPPING else "late"
    whole_ms = max(1, duration_ms)
    marks = tuple(_mark(start, end, whole_ms) for start, end in spans)
    if len(spans) == 1 and spans[0][1] - spans[0][0] >= 0.95 * whole_ms:
        return WarningView(said, advice, (), 0, marks, tone)
    places = tuple(_place(start, end) for start, end in spans[:_PLACES_NAMED])
    return WarningView(said, advice, places, len(spans) - len(places), marks, tone)


def _place(start_ms: int, end_ms: int) -> str:
    start, end = formats.length(start_ms), formats.length(end_ms)
    return start if start == end else f"{start}–{end}"


def _mark(start_ms: int, end_ms: int, whole_ms: int) -> Mark:
    width = max(_LEAST_MARK, (end_ms - start_ms) * WIDTH / whole_ms)
    return Mark(round(min(start_ms * WIDTH / whole_ms, WIDTH - width), 1), round(width, 1))


def _loudness_sign(gain_db: int) -> Sign:
    if gain_db >= _MUCH_LOUDER_DB:
        return Sign("▲", N_("It was quiet"), "late")
    if gain_db >= _LOUDER_DB:
        return Sign("●", N_("It was a little quiet"), "ok")
    if gain_db <= -_LOUDER_DB:
        return Sign("●", N_("It was loud"), "ok")
    return Sign("●", N_("It was loud enough"), "ok")
