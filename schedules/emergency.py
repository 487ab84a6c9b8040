"""What an alarm, a drill and an all clear sound like (pure).

A drill can never be taken for the real thing: it has no siren, its own tone comes first and last, and every word of
the alarm stands between two announcements that this is an exercise. With no such announcement there are no words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from devices.wire.content import Gap, Part, Speech, Version
from devices.wire.orders import Level, Play, PlayClass, Repeat, Status
from schedules.dispatch import MAX_TITLE, longest, tone

DRILL_TONE = "drill"
DRILL_TITLE = "DIỄN TẬP"
DRILL_VARIANT = "-x-drill"
"""Beside each text's asset, under language + this private-use tag (BCP 47), lies the announcement of an exercise."""
GAP_MS = 1_000
VOLUME = 100
"""An emergency is as loud as the speaker can be made; the device's own limit stays."""
ONCE_LASTS = timedelta(minutes=10)
"""How late something that sounds once and now may still begin; then it would only confuse."""
CANCEL_OUTLIVES = timedelta(hours=1)
"""A cancel outlives what it cancels, so that no clock can let the play through after it."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """A template's tone by name, its words, and the spoken announcement of an exercise, by language."""

    tone: str
    words: tuple[Version, ...] = ()
    exercise: tuple[Version, ...] = ()

    def parts(self, status: Status) -> tuple[Part, ...]:
        """What sounds, once through."""
        return self._drill() if status is Status.DRILL else self._actual()

    def bank(self) -> tuple[Part, ...]:
        """What must lie in the message bank so that neither the alarm nor its drill needs a download."""
        spoken = [Speech(versions) for versions in (self.words, self.exercise) if versions]
        return (tone(self.tone), *spoken)

    def _actual(self) -> tuple[Part, ...]:
        words: tuple[Part, ...] = (Gap(GAP_MS), Speech(self.words)) if self.words else ()
        return (tone(self.tone), *words)

    def _drill(self) -> tuple[Part, ...]:
        announced = {version.language: version for version in self.exercise}
        words = tuple(version for version in self.words if version.language in announced)
        if not words:
            return (tone(DRILL_TONE),)
        # The same languages in the same order, so that a listener hears both of one language or neither.
        exercise = Speech(tuple(announced[version.language] for version in words))
        return (
            tone(DRILL_TONE), Gap(GAP_MS), exercise, Gap(GAP_MS), Speech(words), Gap(GAP_MS), exercise, tone(DRILL_TONE)
        )  # fmt: skip


def title(titles: dict[str, str], status: Status) -> str:
    """The heading of an emergency; a drill says so first."""
    plain = titles.get("vi") or next(iter(titles.values()), "")
    return (f"{DRILL_TITLE}: {plain}" if status is Status.DRILL else plain)[:MAX_TITLE]


def alarm(
    occurrence: str, sounds: Sounds, *, titles: dict[str, str], status: Status, level: Level, repeat: Repeat
) -> Play:
    """An alarm to sound now and, unless it is a drill, again and again as its template says."""
    how_often = Repeat() if status is Status.DRILL else repeat
    return _now(occurrence, sounds, titles=titles, status=status, level=level, repeat=how_often)


def all_clear(occurrence: str, sounds: Sounds, *, titles: dict[str, str], status: Status, level: Level) -> Play:
    """The end of an emergency, told once; the end of a drill is part of the drill."""
    return _now(occurrence, sounds, titles=titles, status=status, level=level, repeat=Repeat())


def once(play: Play) -> timedelta:
    """How long one repetition sounds in the cluster that hears most of it."""
    return longest(replace(play, repeat=Repeat())) or timedelta()


def lasts(play: Play, alarm_lasts: timedelta) -> timedelta:
    """How long its order stands: an alarm's own time; what sounds once only until it would come too late."""
    once = longest(play)
    return alarm_lasts if once is None or play.repeat.count > 1 else once + ONCE_LASTS


def _now(
    occurrence: str, sounds: Sounds, *, titles: dict[str, str], status: Status, level: Level, repeat: Repeat
) -> Play:
    return Play(
        occurrence=occurrence,
        start_ms=None,
        parts=sounds.parts(status),
        play_class=PlayClass.EMERGENCY,
        level=level,
        status=status,
        repeat=repeat,
        volume=VOLUME,
        title=title(titles, status),
    )


def spoken(assets: dict[str, str]) -> tuple[Sequence[str], Sequence[str]]:
    """The keys of a template's assets: its words' languages, and those of the announcements of an exercise."""
    exercise = [key for key in assets if key.endswith(DRILL_VARIANT)]
    return [key for key in assets if key not in exercise], exercise
