"""The as-run log: what was planned, and what may be said of it, cluster by cluster (pure).

"Played" is a device's own signed word. A gateway transmits, and nobody claims that it was heard. Silence of a device
says nothing: what it did not tell of is neither played nor missed.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from devices.models import DeliveryState
from devices.wire.content import SILENT_STREAM
from devices.wire.orders import Level, PlayClass, Status


@dataclass(frozen=True, slots=True)
class Row:
    """One airing in one cluster as the tables have it. state None: no order was written, `reason` says why.

    people: the inhabitants of its village. planned_ms: how long it was to sound there. lead_ms, spoken: what sounds
    before the words, and the languages heard there with their lengths, in order of sounding; "" is a tone or a gap
    between them. planned_ms 0: until it is ended. expires_at: after this nothing more of it sounds.
    """

    occurrence: str
    title: str
    start: datetime
    expires_at: datetime
    play_class: PlayClass
    level: Level
    cluster: str
    cluster_name: str
    village: str
    people: int
    planned_ms: int
    status: Status = Status.ACTUAL
    wireless: bool = False
    lead_ms: int = 0
    spoken: tuple[tuple[str, int], ...] = ()
    state: DeliveryState | None = None
    reason: str = ""
    started_at: datetime | None = None
    start_bound_ms: int | None = None
    sounded_ms: int = 0
    village_id: str = ""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is in there, each once, as they are first heard."""
        return tuple(dict.fromkeys(language for language, _ in self.spoken if language))


class Claim(StrEnum):
    """What may be said of an airing in a cluster."""

    PLAYED = "played"
    """The device says that it sounded to its end."""
    PARTLY = "partly"
    """It says that it sounded, but not to its end; or that the station it relayed was silent for most of the time."""
    TRANSMITTED = "transmitted"
    """A gateway sent it; nobody claims that it was heard."""
    SILENT = "silent"
    """The device says that it did not sound, and why."""
    NOT_ORDERED = "not_ordered"
    """The speaker never had an order for it: called off, paused, or refused."""
    BEGAN = "began"
    """The device said that it began, and no more since."""
    NO_WORD = "no_word"
    """Its time is over and the device has said nothing."""
    AHEAD = "ahead"
    """It may still sound."""


COLUMNS = (
    "day",
    "planned",
    "title",
    "class",
    "level",
    "status",
    "village",
    "cluster",
    "claim",
    "reason",
    "began",
    "began_within_s",
    "sounded_s",
    "planned_s",
    "languages",
    "occurrence",
)
"""What a line of the log has; the heads of the columns are these, in the reader's words."""

FINAL = {
    DeliveryState.PLAYED,
    DeliveryState.TRANSMITTED,
    DeliveryState.REJECTED,
    DeliveryState.MISSED,
    DeliveryState.PREEMPTED,
    DeliveryState.CANCELLED,
    DeliveryState.INTERRUPTED,
}
"""Nothing more is to come of these."""
NOT_HEARD = frozenset({Claim.PARTLY, Claim.SILENT, Claim.NOT_ORDERED, Claim.BEGAN, Claim.NO_WORD})
"""What somebody has to look at: it is not proved that all of it sounded, or was sent."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""The last four are their wide forms, which some spreadsheets take for the same."""


def claim(row: Row, now: datetime) -> Claim:
    """What may be said of it now."""
    if row.state is None:
        return Claim.AHEAD if not row.reason and now < row.expires_at else Claim.NOT_ORDERED
    if row.state in FINAL:
        return _finished(row, row.state)
    if now < row.expires_at:
        return Claim.AHEAD
    return Claim.NO_WORD if row.started_at is None else Claim.BEGAN


def _finished(row: Row, state: DeliveryState) -> Claim:
    if state in {DeliveryState.PLAYED, DeliveryState.TRANSMITTED}:
        # Whatever a gateway says of a wireless cluster, it has only sent.
        if row.wireless or state is DeliveryState.TRANSMITTED:
            return Claim.TRANSMITTED
        return Claim.PARTLY if row.reason == SILENT_STREAM else Claim.PLAYED
    if row.sounded_ms == 0:
        return Claim.SILENT
    return Claim.TRANSMITTED if row.wireless else Claim.PARTLY


def log_lines(rows: Iterable[Row], zone: ZoneInfo, now: datetime) -> Iterator[tuple[str, ...]]:
    """A line of `COLUMNS` for each row, in order of time; times by the clock of `zone`, lengths in whole seconds."""
    for row in sorted(rows, key=lambda each: (each.start, each.occurrence, each.village, each.cluster)):
        start = row.start.astimezone(zone)
        began = "" if row.started_at is None else f"{row.started_at.astimezone(zone):%H:%M:%S}"
        bound = "" if row.start_bound_ms is None else f"{row.start_bound_ms / 1_000:.1f}"
        yield (
            start.date().isoformat(),
            f"{start:%H:%M}",
            row.title,
            row.play_class.name.lower(),
            row.level.name.lower(),
            row.status.value,
            row.village,
            row.cluster_name,
            claim(row, now).value,
            row.reason,
            began,
            bound,
            str(row.sounded_ms // 1_000),
            str(row.planned_ms // 1_000),
            " ".join(row.languages),
            row.occurrence,
        )


def csv_text(lines: Iterable[Iterable[str]]) -> str:
    """Lines as CSV (RFC 4180). What a spreadsheet would take for a formula is written as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([as_text(cell) for cell in line] for line in lines)
    return out.getvalue()


def as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
