"""From an occurrence and its sounds to the body of its play order (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audio.tones import TONES
from base.errors import Refused
from base.times import to_ms
from devices.wire.audience import Audience
from devices.wire.content import Gap, Part, Speech, Tone, Version, languages_in, once_ms
from devices.wire.fields import Fields
from devices.wire.orders import AfterPreemption, Level, Play, PlayClass
from schedules.models import Occurrence

OPENING_TONE = "chime"
OPENING_GAP_MS = 500
MARGIN = timedelta(minutes=30)
"""How long after its time a pre-empted airing may still be taken up again; then it is stale, and its order expires."""
DROP_MARGIN = timedelta(minutes=1)
"""The same for one that is dropped when it gives way: only the clocks may differ."""
MAX_TITLE = 200
MAX_AUDIENCE_BYTES = 16_384
"""Half of the largest order: the rest is for the sounds."""


@dataclass(frozen=True, slots=True)
class Airing:
    """A play order ready to be issued, and the two moments that follow from it."""

    play: Play
    ends_at: datetime
    expires_at: datetime


def tone(name: str) -> Tone:
    """A named tone with its parameters spelled out, as an order carries it."""
    named = TONES[name]
    segments = tuple((s.from_hz, s.to_hz, s.duration_ms, s.shape) for s in named.segments)
    return Tone(segments, named.repeat, named.gap_ms)


def bulletin_parts(play_class: PlayClass, versions: Sequence[Version]) -> tuple[Part, ...]:
    """What a bulletin sounds: the pre-announcement chime, a breath, the words. Background has no chime.

    Nothing when there are no versions.
    """
    if not versions:
        return ()
    speech = Speech(tuple(versions))
    if play_class is PlayClass.BACKGROUND:
        return (speech,)
    return (tone(OPENING_TONE), Gap(OPENING_GAP_MS), speech)


def lasts(parts: Sequence[Part]) -> timedelta:
    """How long parts sound, once through, for a listener of every language in them: nobody hears them longer."""
    return timedelta(milliseconds=once_ms(parts, languages_in(parts)))


def bulletin(occurrence: Occurrence, parts: Sequence[Part], *, volume_max: int = 100) -> Airing:
    """The play order of a timed bulletin or session, whose parts must not be none.

    It expires late + duration + margin after its start, so a speaker has until then to make up for a pre-emption.
    """
    margin = margin_of(occurrence)
    play = Play(
        occurrence=occurrence.id,
        start_ms=to_ms(occurrence.start_at),
        parts=tuple(parts),
        play_class=PlayClass(occurrence.play_class),
        level=Level(occurrence.level),
        status=occurrence.status,
        late_ms=occurrence.late_s * 1_000,
        turn=occurrence.turn,
        volume=min(occurrence.volume, volume_max),
        preempted=occurrence.preempted,
        stale_ms=margin // timedelta(milliseconds=1),
        title=occurrence.title[:MAX_TITLE],
    )
    ends_at = occurrence.start_at + lasts(parts)
    return Airing(play, ends_at, ends_at + timedelta(seconds=occurrence.late_s) + margin)


def margin_of(occurrence: Occurrence) -> timedelta:
    """How long after its time it may still be taken up again, when it had to give way."""
    if occurrence.preempted is AfterPreemption.DROP:
        return DROP_MARGIN
    return MARGIN if occurrence.stale_s is None else timedelta(seconds=occurrence.stale_s)


def with_times(occurrence: Occurrence, parts: Sequence[Part]) -> Occurrence:
    """Fill in when it ends and expires, as far as its sounds are known."""
    if parts:
        airing = bulletin(occurrence, parts)
        occurrence.ends_at, occurrence.expires_at = airing.ends_at, airing.expires_at
    return occurrence


def longest(play: Play) -> timedelta | None:
    """How long it sounds for a listener of every language in it; None when it goes on until stopped."""
    total_ms = play.total_ms(languages_in(play.parts))
    return None if total_ms is None else timedelta(milliseconds=total_ms)


def in_order_of_need(languages: Iterable[str]) -> list[str]:
    """Vietnamese first, because the first version is what a listener of an unknown language hears."""
    return sorted(languages, key=lambda language: (language != "vi", language))


def read_audience(kept: Mapping[str, Any]) -> Audience:
    """The audience a row keeps as `Audience.to_map`. Raises BadMessage when it is none."""
    return Audience.from_fields(Fields(dict(kept), "audience"))


def check_audience_size(audience: Audience) -> None:
    """Raise Refused when the names would not fit into one order."""
    names = (*audience.places, *audience.zones, *audience.clusters, *audience.but)
    if sum(len(name) + 2 for name in names) > MAX_AUDIENCE_BYTES:
        raise Refused("schedules.audience_too_long")
