"""Whether the times inside a session can be kept, whatever languages a village hears, and without dead air (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NoReturn

from base.errors import Refused
from devices.wire.content import Fill, Version, languages_in, once_ms
from schedules.composition import Composition, Music, Relay, music_until_s, numbered

MAX_SILENCE_MS = 60_000
"""Longer than a minute is dead air: people think that the speaker is broken."""
_TOGETHER = 3
"""Villages of more languages than this are looked at by all languages there are, which lasts longest."""

Languages = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the session comes to where an item waits for its time, or music begins, for a listener of `languages`."""

    item: int
    at_ms: int
    until_ms: int
    languages: Languages
    music: bool

    @property
    def waits_ms(self) -> int:
        """Negative when it comes too late."""
        return self.until_ms - self.at_ms

    @property
    def wanted(self) -> str:
        """The time that was asked for, as people write it."""
        return clock_text(self.until_ms // 1_000)

    @property
    def earliest(self) -> str:
        """The first full second that would do."""
        return clock_text(-(-self.at_ms // 1_000))


def check(composition: Composition, versions: Mapping[str, Sequence[Version]], titles: Mapping[str, str]) -> None:
    """Raise Refused for a time that some listener would not have, for too much silence before one, for idle music.

    titles: announcement → title. session_fixed_late, session_dead_air, session_music_over, session_music_endless.
    """
    _check_ends(composition, titles)
    found = list(arrivals(composition, versions))
    for number in dict.fromkeys(each.item for each in found):
        those = [each for each in found if each.item == number]
        earliest, latest = min(those, key=_at), max(those, key=_at)
        title = _title(composition, number, titles)
        if earliest.music:
            if earliest.waits_ms <= 0:
                _music_over(title, earliest)
        elif latest.waits_ms < 0:
            _fixed_late(title, latest)
        elif earliest.waits_ms > MAX_SILENCE_MS:
            _dead_air(title, earliest)


def arrivals(composition: Composition, versions: Mapping[str, Sequence[Version]]) -> Iterator[Arrival]:
    """Where every fill begins, for every listener there may be."""
    found = list(numbered(composition, versions))
    waiting = any(isinstance(part, Fill) for part, _ in found)
    for languages in _listeners(languages_in(part for part, _ in found)) if waiting else ():
        at_ms = 0
        for part, number in found:
            if isinstance(part, Fill) and number is not None:
                yield Arrival(number, at_ms, part.until_ms, languages, part.sound is not None)
                at_ms = max(at_ms, part.until_ms)
            else:
                at_ms += once_ms((part,), languages)


def clock_text(seconds: int) -> str:
    """A time inside a session: 754 → 12:34, 3754 → 1:02:34."""
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute:02}:{second:02}"


def _check_ends(composition: Composition, titles: Mapping[str, str]) -> None:
    following = (*composition.items[1:], None)
    for number, (item, after) in enumerate(zip(composition.items, following, strict=True)):
        if isinstance(item, Music) and music_until_s(item, after) is None:
            raise Refused("schedules.session_music_endless", title=_title(composition, number, titles))


def _listeners(languages: Languages) -> Iterator[Languages]:
    """Who may hear it: of no language in it, of any few, of all."""
    for count in range(min(_TOGETHER, len(languages)) + 1):
        yield from combinations(languages, count)
    if len(languages) > _TOGETHER:
        yield languages


def _at(arrival: Arrival) -> int:
    return arrival.at_ms


def _music_over(title: str, arrival: Arrival) -> NoReturn:
    raise Refused("schedules.session_music_over", title=title, at=arrival.wanted, earliest=arrival.earliest)


def _fixed_late(title: str, arrival: Arrival) -> NoReturn:
    raise Refused(
        "schedules.session_fixed_late",
        title=title,
        at=arrival.wanted,
        earliest=arrival.earliest,
        languages=", ".join(arrival.languages) or "–",
    )


def _dead_air(title: str, arrival: Arrival) -> NoReturn:
    raise Refused(
        "schedules.session_dead_air",
        title=title,
        at=arrival.wanted,
        earliest=arrival.earliest,
        languages=", ".join(arrival.languages) or "–",
        silent_s=arrival.waits_ms // 1_000,
        limit_s=MAX_SILENCE_MS // 1_000,
    )


def _title(composition: Composition, number: int, titles: Mapping[str, str]) -> str:
    item = composition.items[number]
    if isinstance(item, Relay):
        return item.source.name if item.source is not None else item.source_id
    return titles.get(item.announcement_id, item.announcement_id)
