"""Queries on deliveries: what is proved of each occurrence in each cluster."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from devices.delivery import Proof
from devices.models import Cluster, ClusterKind, Delivery, DeliveryState, OrderEntry, Place
from devices.repository.places import CLUSTER, is_active
from devices.repository.tables import insert_into, table
from devices.views import DeliveryCounts, DeliveryView

PROOF_COLUMNS = tuple(Proof.__dataclass_fields__)


class Standing(NamedTuple):
    """A delivery as it stands in the database, and who may change it: the device then and the device now."""

    occurrence_id: str
    cluster_id: str
    commune_id: str
    wireless: bool
    devices: frozenset[str | None]
    proof: Proof


class Awaited(NamedTuple):
    """A delivery whose device has not yet shown that it holds the order."""

    device_id: str
    log: str
    seq: int
    standing: Standing


async def add(
    session: AsyncSession,
    entry: OrderEntry,
    commune_id: str,
    *,
    only: Collection[str] | None = None,
    but: Collection[str] = (),
) -> None:
    """One row for every active cluster of the commune, or for those of `only`, less `but`.

    The database copies them from its own clusters: to send it a thousand rows takes longer than the order's journey.
    """
    same = {
        "occurrence_id": entry.occurrence_id,
        "commune_id": commune_id,
        "order_id": entry.id,
        "state": DeliveryState.ORDERED,
        "ordered_at": entry.issued_at,
        "sounded_ms": 0,
        "step_n": 0,
        "reason": "",
    }
    columns = table(Delivery).c
    copied = (CLUSTER.c.id, CLUSTER.c.device_id, CLUSTER.c.village_id, CLUSTER.c.languages)
    meant = select(*copied, *(literal(value, columns[name].type) for name, value in same.items())).where(
        is_active(commune_id)
    )
    if only is not None:
        meant = meant.where(CLUSTER.c.id.in_(only))
    if but:
        meant = meant.where(CLUSTER.c.id.not_in(but))
    names = ["cluster_id", "device_id", "village_id", "languages", *same]
    await session.execute(insert_into(session, Delivery).from_select(names, meant).on_conflict_do_nothing())


async def save_proofs(session: AsyncSession, proved: Iterable[Standing]) -> None:
    """Write what is proved now; many in one statement."""
    rows = [
        {"occurrence_id": each.occurrence_id, "cluster_id": each.cluster_id}
        | {name: getattr(each.proof, name) for name in PROOF_COLUMNS}
        for each in proved
    ]
    if rows:
        await session.execute(update(Delivery), rows)


async def standings(
    session: AsyncSession, occurrence_ids: Collection[str], cluster_ids: Collection[str]
) -> dict[tuple[str, str], Standing]:
    """Occurrence and cluster → how it stands."""
    found = await session.execute(
        select(Delivery, col(Cluster.kind), col(Cluster.device_id))
        .join(Cluster, col(Cluster.id) == col(Delivery.cluster_id))
        .where(col(Delivery.occurrence_id).in_(occurrence_ids), col(Delivery.cluster_id).in_(cluster_ids))
        .execution_options(populate_existing=True)
    )
    rows = [_standing(*row) for row in found]
    return {(row.occurrence_id, row.cluster_id): row for row in rows}


async def awaited(session: AsyncSession, device_ids: Collection[str], now: datetime) -> list[Awaited]:
    """Deliveries in force of which these devices have not shown the order."""
    found = await session.execute(
        select(Delivery, col(Cluster.kind), col(Cluster.device_id), col(OrderEntry.log), col(OrderEntry.seq))
        .join(Cluster, col(Cluster.id) == col(Delivery.cluster_id))
        .join(OrderEntry, col(OrderEntry.id) == col(Delivery.order_id))
        .where(
            col(Delivery.device_id).in_(device_ids),
            col(Delivery.has_order_at).is_(None),
            col(OrderEntry.expires_at) > now,
        )
        .execution_options(populate_existing=True)
    )
    return [
        Awaited(str(delivery.device_id), log, seq, _standing(delivery, kind, device_id))
        for delivery, kind, device_id, log, seq in found
    ]


async def delivery_views(
    session: AsyncSession, occurrence_id: str, *, after: str | None, limit: int, state: DeliveryState | None
) -> list[DeliveryView]:
    """Deliveries of an occurrence by cluster id, with names."""
    query = (
        select(Delivery, col(Cluster.name), col(Place.id), col(Place.name), col(Cluster.kind))
        .join(Cluster, col(Cluster.id) == col(Delivery.cluster_id))
        .join(Place, col(Place.id) == col(Cluster.village_id))
        .where(col(Delivery.occurrence_id) == occurrence_id)
    )
    if after is not None:
        query = query.where(col(Delivery.cluster_id) > after)
    if state is not None:
        query = query.where(col(Delivery.state) == state)
    found = await session.execute(query.order_by(col(Delivery.cluster_id)).limit(limit))
    return [DeliveryView(*row) for row in found]


async def delivery_counts(session: AsyncSession, occurrence_ids: Collection[str]) -> dict[str, DeliveryCounts]:
    """Occurrence → how many clusters of each kind stand at each state; one query."""
    found = await session.execute(
        select(col(Delivery.occurrence_id), col(Cluster.kind), col(Delivery.state), func.count())
        .join(Cluster, col(Cluster.id) == col(Delivery.cluster_id))
        .where(col(Delivery.occurrence_id).in_(occurrence_ids))
        .group_by(col(Delivery.occurrence_id), col(Cluster.kind), col(Delivery.state))
    )
    counts: dict[str, dict[ClusterKind, dict[DeliveryState, int]]] = {
        occurrence_id: {ClusterKind.SMART: {}, ClusterKind.WIRELESS: {}} for occurrence_id in occurrence_ids
    }
    for occurrence_id, kind, state, count in found:
        counts[occurrence_id][kind][state] = count
    return {
        occurrence_id: DeliveryCounts(kinds[ClusterKind.SMART], kinds[ClusterKind.WIRELESS])
        for occurrence_id, kinds in counts.items()
    }


async def starts(session: AsyncSession, occurrence_id: str) -> list[datetime]:
    """When each cluster began, by its own clock."""
    found = await session.scalars(
        select(col(Delivery.started_at))
        .where(col(Delivery.occurrence_id) == occurrence_id, col(Delivery.started_at).is_not(None))
        .order_by(col(Delivery.cluster_id))
    )
    return [moment for moment in found if moment is not None]


def _standing(delivery: Delivery, kind: ClusterKind, device_now: str | None) -> Standing:
    return Standing(
        delivery.occurrence_id,
        delivery.cluster_id,
        delivery.commune_id,
        kind is ClusterKind.WIRELESS,
        frozenset({delivery.device_id, device_now}) - {None},
        Proof(**{name: getattr(delivery, name) for name in PROOF_COLUMNS}),
    )


def changed(rows: Iterable[Standing]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """(commune, occurrence) → clusters, for those who watch."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        grouped.setdefault((row.commune_id, row.occurrence_id), []).append(row.cluster_id)
    return {key: tuple(clusters) for key, clusters in grouped.items()}
