"""From what the database has of an airing to rows of the as-run log, and to groups of clusters alike."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from devices.models import ClusterKind, DeliveryState
from devices.ordered import read_play
from devices.wire.envelope import CheckingKey
from devices.wire.orders import Level, Play, PlayClass
from schedules.asrun import Row
from schedules.log_scope import Scope
from schedules.models import OccurrenceState
from schedules.repository.asrun import Airing, Group, Proved
from schedules.sounding import Sounding, sounding
from schedules.totals import Alike, alone

PAUSED = "paused"
_WHOLE = {DeliveryState.PLAYED, DeliveryState.TRANSMITTED}


class Soundings:
    """What was ordered of some airings, asked for the same languages again and again."""

    def __init__(self, plays: Mapping[str, Play | None]) -> None:
        self._plays = plays
        self._known: dict[tuple[str, tuple[str, ...]], Sounding] = {}

    def of(self, airing: Airing, languages: tuple[str, ...]) -> Sounding:
        """What a listener of these languages was to hear; its planned length alone where the order cannot be read."""
        key = airing.id, languages
        if key not in self._known:
            play = self._plays.get(airing.id)
            self._known[key] = Sounding(_lasts_ms(airing)) if play is None else sounding(play, languages)
        return self._known[key]


def soundings(envelopes: Mapping[str, bytes], keys: Mapping[str, CheckingKey]) -> Soundings:
    """The plays in these signed orders, by occurrence."""
    return Soundings({name: read_play(envelope, keys) for name, envelope in envelopes.items()})


def place(row: Row) -> tuple[datetime, str, str]:
    """Where a row stands in the log."""
    return row.start, row.occurrence, row.cluster


def of_proved(
    scope: Scope,
    airing: Airing,
    it: Proved,
    heard: Soundings,
    on_air: Mapping[tuple[str, str], tuple[str, ...]],
) -> Row:
    """The row of a cluster that had the order. on_air: occurrence and gateway → what it transmitted in."""
    cluster = scope.clusters[it.cluster_id]
    wireless = cluster.kind is ClusterKind.WIRELESS
    sent = on_air.get((airing.id, it.device_id or "")) if wireless else None
    sounds = heard.of(airing, _languages(it.languages) if sent is None else sent)
    village, people = scope.village_of(it.village_id)
    return _row(
        airing,
        cluster=it.cluster_id,
        cluster_name=cluster.name,
        village=village,
        village_id=it.village_id,
        people=people,
        wireless=wireless,
        planned_ms=sounds.planned_ms,
        spoken=sounds.spoken,
        state=it.state,
        reason=_why(airing, it.state, it.reason),
        started_at=it.started_at,
        start_bound_ms=it.start_bound_ms,
        sounded_ms=it.sounded_ms,
    )


def never_ordered(scope: Scope, airing: Airing, cluster_id: str) -> Row:
    """The row of a cluster that never had an order of it: nothing was written, or it was left in peace."""
    cluster = scope.clusters.get(cluster_id)
    village_id = "" if cluster is None else cluster.village_id
    village, people = scope.village_of(village_id)
    return _row(
        airing,
        cluster=cluster_id,
        cluster_name=scope.cluster_name(cluster_id),
        village=village,
        village_id=village_id,
        people=people,
        wireless=cluster is not None and cluster.kind is ClusterKind.WIRELESS,
        planned_ms=_lasts_ms(airing),
        reason=PAUSED if cluster_id in airing.paused else airing.reason,
    )


def of_groups(scope: Scope, airings: Mapping[str, Airing], groups: Sequence[Group], heard: Soundings) -> list[Alike]:
    """Groups of clusters with what was to sound there."""
    sent: dict[tuple[str, str], list[Group]] = {}
    for group in groups:
        if group.gateway is not None:
            sent.setdefault((group.occurrence_id, group.gateway), []).append(group)
    on_air = {
        key: together(group.languages for group in sorted(its, key=lambda group: group.first))
        for key, its in sent.items()
    }
    return [_of_group(scope, airings[group.occurrence_id], group, heard, on_air) for group in groups]


def _of_group(
    scope: Scope,
    airing: Airing,
    group: Group,
    heard: Soundings,
    on_air: Mapping[tuple[str, str], tuple[str, ...]],
) -> Alike:
    sent = None if group.gateway is None else on_air.get((airing.id, group.gateway))
    sounds = heard.of(airing, _languages(group.languages) if sent is None else sent)
    row = _row(
        airing,
        cluster=group.first,
        wireless=group.wireless,
        planned_ms=sounds.planned_ms,
        spoken=sounds.spoken,
        state=group.state,
        reason=_why(airing, group.state, group.reason),
        # Of a group it is known only whether they began.
        started_at=airing.start_at if group.began else None,
        sounded_ms=group.sounded_ms,
    )
    people = {village: scope.village_of(village)[1] for village in group.villages.split(",")}
    return Alike(row, group.clusters, people)


def alike(found: Iterable[Row]) -> list[Alike]:
    """Rows of clusters that had no order, those of one airing and reason taken together."""
    together: dict[tuple[str, str], Alike] = {}
    for row in found:
        key = row.occurrence, row.reason
        known = together.get(key)
        new = alone(row)
        if known is not None:
            new = Alike(known.row, known.clusters + 1, {**known.people, **new.people})
        together[key] = new
    return list(together.values())


def together(languages: Iterable[str]) -> tuple[str, ...]:
    """Each language once, as it first comes. languages: JSON lists."""
    return tuple(dict.fromkeys(language for each in languages for language in _languages(each)))


def _row(airing: Airing, *, cluster: str, planned_ms: int, reason: str, **more: Any) -> Row:
    fields: dict[str, Any] = {"cluster_name": "", "village": "", "people": 0} | more
    return Row(
        occurrence=airing.id,
        title=airing.title,
        start=airing.start_at,
        expires_at=airing.expires_at,
        play_class=PlayClass(airing.play_class),
        level=Level(airing.level),
        status=airing.status,
        cluster=cluster,
        planned_ms=planned_ms,
        reason=reason,
        **fields,
    )


def _why(airing: Airing, state: DeliveryState, reason: str) -> str:
    """The device's own reason, but where it was called off: why people did that says more."""
    if state in _WHOLE:
        return reason
    if airing.state is OccurrenceState.CANCELLED:
        return airing.reason if not reason or state is DeliveryState.CANCELLED else reason
    return PAUSED if airing.paused and state is DeliveryState.CANCELLED else reason


def _lasts_ms(airing: Airing) -> int:
    return round((airing.ends_at - airing.start_at).total_seconds() * 1_000)


@cache
def _languages(kept: str) -> tuple[str, ...]:
    return tuple(json.loads(kept))
