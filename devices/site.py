"""A site described in TOML: its places, clusters and gateways, brought into the tables as often as one likes."""

import itertools
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Refused
from base.ids import is_name
from base.times import Clock
from devices.enrolment import Enrolled, enrol
from devices.keys import KeyStore
from devices.models import Cluster, ClusterKind, Place, PlaceKind
from devices.repository import fleet, places

Row = TypeVar("Row", Place, Cluster)

DEMO = "bao_nhai.toml"
_ABOVE = (PlaceKind.COUNTRY, PlaceKind.PROVINCE, PlaceKind.COMMUNE)


@dataclass(frozen=True, slots=True)
class Site:
    """One commune with all that is above and in it. gateways: device → its transmitter's frequency in kHz.

    sounds: device → the clusters it sounds or transmits for, its own first.
    """

    commune_id: str
    places: tuple[Place, ...]
    clusters: tuple[Cluster, ...]
    gateways: Mapping[str, int]
    sounds: Mapping[str, tuple[str, ...]]

    @property
    def authority_ids(self) -> tuple[str, ...]:
        """The country, the province and the commune."""
        return tuple(place.id for place in self.places if place.kind is not PlaceKind.VILLAGE)


def demo_site() -> Site:
    """The commune Bảo Nhai as it ships with Loa; its people and positions are invented."""
    return read_site(resources.files("devices").joinpath("data", DEMO).read_text("utf-8"))


def read_site(text: str) -> Site:
    """Read a description. Raises Refused("devices.site_bad") naming the place of the mistake."""
    try:
        described = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad("file", str(error)) from error
    above = [_place(described, kind) for kind in _ABOVE]
    for upper, lower in itertools.pairwise(above):
        lower.parent_id = upper.id
    commune = above[-1]
    villages = [_village(row, commune.id, number) for number, row in enumerate(_rows(described, "villages"), 1)]
    clusters = [_cluster(row, commune.id, number) for number, row in enumerate(_rows(described, "clusters"), 1)]
    gateways = dict(_gateway(row, f"gateways {n}") for n, row in _numbered(described, "gateways"))
    sounds = _sounds(described, clusters, gateways)
    _settle(commune, villages, clusters)
    return Site(commune.id, (*above, *villages), tuple(clusters), gateways, sounds)


async def import_site(session: AsyncSession, site: Site) -> None:
    """Places and clusters into the tables; what is there already is changed to what the description says."""
    await places.save_places(session, site.places)
    await places.save_clusters(session, site.clusters)


async def enrol_site(
    session: AsyncSession, site: Site, *, keys: KeyStore, clock: Clock, only: Collection[str] | None = None
) -> list[Enrolled]:
    """Enrol the site's devices: those not enrolled yet, or exactly `only` (again, if need be)."""
    if only is None:
        known = {device.id for device in await fleet.devices_of(session, list(site.sounds))}
        only = set(site.sounds) - known
    return [
        await enrol(
            session,
            keys=keys,
            clock=clock,
            device_id=device_id,
            commune_id=site.commune_id,
            cluster_ids=site.sounds[device_id],
            transmitter_khz=site.gateways.get(device_id),
        )
        for device_id in sorted(only)
    ]


def _place(described: Mapping[str, Any], kind: PlaceKind) -> Place:
    row = described.get(kind.value)
    if not isinstance(row, dict):
        raise _bad(kind.value, "missing")
    return _filled(Place, row, kind.value, kind=kind, id=_name(row, kind.value))


def _village(row: Mapping[str, Any], commune_id: str, number: int) -> Place:
    where = f"villages {number}"
    return _filled(Place, row, where, kind=PlaceKind.VILLAGE, parent_id=commune_id, id=_name(row, where))


def _cluster(row: Mapping[str, Any], commune_id: str, number: int) -> Cluster:
    where = f"clusters {number}"
    try:
        kind = ClusterKind(row.get("kind", ""))
    except ValueError as error:
        raise _bad(where, "kind is neither smart nor wireless") from error
    given = {name: value for name, value in row.items() if name not in {"village", "gateway"}}
    village_id = _name(row, where, "village")
    return _filled(Cluster, given, where, kind=kind, commune_id=commune_id, village_id=village_id, id=_name(row, where))


def _gateway(row: Mapping[str, Any], where: str) -> tuple[str, int]:
    khz = row.get("khz")
    if not isinstance(khz, int) or khz <= 0:
        raise _bad(where, "khz is no frequency")
    return _name(row, where, "device"), khz


def _filled(model: type[Row], row: Mapping[str, Any], where: str, **fixed: Any) -> Row:
    unknown = set(row) - set(model.model_fields)
    if unknown:
        raise _bad(where, f"unknown: {', '.join(sorted(unknown))}")
    try:
        return model.model_validate({**row, **fixed})
    except ValueError as error:
        raise _bad(where, str(error).replace("\n", " ")) from error


def _sounds(
    described: Mapping[str, Any], clusters: Iterable[Cluster], gateways: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    sounds = {cluster.id: [cluster.id] for cluster in clusters if cluster.kind is ClusterKind.SMART}
    for device_id in gateways:
        sounds.setdefault(device_id, [])
    for number, row in _numbered(described, "clusters"):
        if row.get("kind") == ClusterKind.WIRELESS:
            gateway = _name(row, f"clusters {number}", "gateway")
            if gateway not in gateways:
                raise _bad(f"clusters {number}", f"{gateway} is no gateway")
            sounds[gateway].append(row["id"])
    return {device_id: tuple(mine) for device_id, mine in sounds.items()}


def _settle(commune: Place, villages: Iterable[Place], clusters: Iterable[Cluster]) -> None:
    """Every cluster lies in a village and speaks its own languages, or the village's, or the commune's."""
    known = {village.id: village for village in villages}
    for number, cluster in enumerate(clusters, 1):
        village = known.get(cluster.village_id)
        if village is None:
            raise _bad(f"clusters {number}", f"there is no village {cluster.village_id}")
        cluster.languages = cluster.languages or village.languages or commune.languages
        if not cluster.languages:
            raise _bad(f"clusters {number}", "no languages, neither here nor in its village or commune")


def _rows(described: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = described.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _bad(name, "not a list of tables")
    ids = [row.get("id", row.get("device")) for row in rows]
    if len(set(ids)) != len(ids):
        raise _bad(name, "a name is given twice")
    return rows


def _numbered(described: Mapping[str, Any], name: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    return enumerate(_rows(described, name), 1)


def _name(row: Mapping[str, Any], where: str, field: str = "id") -> str:
    value = row.get(field)
    if not isinstance(value, str) or not is_name(value):
        raise _bad(where, f"{field} is no name")
    return value


def _bad(where: str, problem: str) -> Refused:
    return Refused("devices.site_bad", where=where, problem=problem)
