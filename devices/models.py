"""The tables of this room."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from base.columns import enum_column, json_column, moment_column, optional_json_column


class PlaceKind(StrEnum):
    """The two tiers of government above the village, and the country."""

    COUNTRY = "country"
    PROVINCE = "province"
    COMMUNE = "commune"
    VILLAGE = "village"


class ClusterKind(StrEnum):
    """Smart clusters prove what they played; wireless ones are only transmitted to."""

    SMART = "smart"
    WIRELESS = "wireless"


class Presence(StrEnum):
    """What is known of a device from its own signed word; silence is the truth."""

    NEVER = "never"
    ONLINE = "online"
    LATE = "late"
    LOST = "lost"
    QUIET = "quiet"


class DeliveryState(StrEnum):
    """How far an airing is proved in one cluster. Order of proof; see `devices.delivery`."""

    ORDERED = "ordered"
    HAS_ORDER = "has_order"
    STORED = "stored"
    PLAYING = "playing"
    PAUSED = "paused"
    PLAYED = "played"
    TRANSMITTED = "transmitted"
    REJECTED = "rejected"
    MISSED = "missed"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


def latest(*moments: datetime | None) -> datetime | None:
    """The latest of those that are given."""
    return max((moment for moment in moments if moment is not None), default=None)


class Place(SQLModel, table=True):
    """A node of the tree country → province → commune → village. `zone_name` is an IANA zone, inherited downwards."""

    __tablename__ = "place"

    id: str = Field(primary_key=True, max_length=48)
    kind: PlaceKind = Field(sa_column=enum_column(PlaceKind))
    parent_id: str | None = Field(default=None, foreign_key="place.id", index=True)
    name: str
    code: str = ""
    zone_name: str | None = None
    population: int = 0
    households: int = 0
    lat: float | None = None
    lon: float | None = None
    languages: list[str] = Field(default_factory=list, sa_column=json_column())


class AuthorityKey(SQLModel, table=True):
    """A public key of an authority (a country, province or commune). The private half is a file, never a row.

    It is announced, then signs, then is retired; `announced_seq` and `retired_seq` are the numbers of the orders in
    the authority's log that said so (none for a first key, which every device file holds).
    """

    __tablename__ = "authority_key"

    authority_id: str = Field(primary_key=True, foreign_key="place.id")
    epoch: int = Field(primary_key=True)
    public: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_at: datetime = Field(sa_column=moment_column(nullable=False))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False))
    signing_from: datetime | None = Field(default=None, sa_column=moment_column())
    retired_at: datetime | None = Field(default=None, sa_column=moment_column())
    announced_seq: int | None = None
    retired_seq: int | None = None


class Device(SQLModel, table=True):
    """A controller that speaks loa/1. Its secrets are derived from a root key and `generation`; none is stored.

    parts: the later kinds of parts of a play that its hello named; None: it has said no hello since there are any.
    """

    __tablename__ = "device"

    id: str = Field(primary_key=True, max_length=48)
    commune_id: str = Field(foreign_key="place.id", index=True)
    public: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    generation: int = 1
    transmitter_khz: int | None = None
    model: str = ""
    firmware: str = ""
    codecs: list[str] = Field(default_factory=list, sa_column=json_column())
    parts: list[str] | None = Field(default=None, sa_column=optional_json_column())
    enrolled_at: datetime = Field(sa_column=moment_column(nullable=False))
    revoked_at: datetime | None = Field(default=None, sa_column=moment_column())


class DeviceState(SQLModel, table=True):
    """The last heartbeat of a device and what follows from it; one row a device, overwritten.

    haves: log → [upto, [[low, high], …]]. clock_offset_ms: device minus server. storage in KiB. clock_at: what its
    clock last showed that was the present time. planned_quiet_until: silence expected by people; said_quiet_until:
    announced by the device itself, and taken back by a heartbeat that says nothing of it. wake: minutes of the UTC
    day, [[from, to), …], in which it has its link; none: always. carrier: how it was last heard, "mqtt" or "http".
    """

    __tablename__ = "device_state"

    device_id: str = Field(primary_key=True, foreign_key="device.id")
    presence: Presence = Field(default=Presence.NEVER, sa_column=enum_column(Presence))
    presence_since: datetime | None = Field(default=None, sa_column=moment_column())
    heard_at: datetime | None = Field(default=None, sa_column=moment_column(index=True))
    boot: int = 0
    beat_n: int = 0
    receipt_series: int = 0
    haves: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    playing: list[str] = Field(default_factory=list, sa_column=json_column())
    faults: list[str] = Field(default_factory=list, sa_column=json_column())
    children: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    volume: int | None = None
    power: str | None = None
    battery_pct: int | None = None
    link: str | None = None
    signal_dbm: int | None = None
    temperature_c: int | None = None
    storage_free_kib: int | None = None
    storage_total_kib: int | None = None
    clock_state: str | None = None
    clock_bound_ms: int | None = None
    clock_offset_ms: int | None = None
    uptime_s: int | None = None
    planned_quiet_until: datetime | None = Field(default=None, sa_column=moment_column())
    said_quiet_until: datetime | None = Field(default=None, sa_column=moment_column())
    clock_at: datetime | None = Field(default=None, sa_column=moment_column())
    wake: list[list[int]] | None = Field(default=None, sa_column=optional_json_column())
    carrier: str = Field(default="mqtt", sa_column_kwargs={"server_default": "mqtt"})

    @property
    def quiet_until(self) -> datetime | None:
        """Until when its silence was announced, by whomever."""
        return latest(self.planned_quiet_until, self.said_quiet_until)


class DeviceConfig(SQLModel, table=True):
    """What people set for one device alone; what is None is as in the whole commune.

    online: minutes of the local day, [[from, to), …], in which a device on a duty cycle keeps its link; none: always.
    low_pct, critical_pct: battery charge below which only priority, and only emergencies, sound.
    """

    __tablename__ = "device_config"

    device_id: str = Field(primary_key=True, foreign_key="device.id", max_length=48)
    volume_max: int | None = None
    heartbeat_s: int | None = None
    online: list[list[int]] = Field(default_factory=list, sa_column=json_column())
    low_pct: int | None = None
    critical_pct: int | None = None


class BeatSlot(SQLModel, table=True):
    """Ten minutes of a device's heartbeats, down-sampled: the bounded history the beat bar is drawn from."""

    __tablename__ = "beat_slot"

    device_id: str = Field(primary_key=True, foreign_key="device.id")
    slot_at: datetime = Field(sa_column=moment_column(primary_key=True, nullable=False))
    beats: int = 0
    signal_min_dbm: int | None = None
    battery_min_pct: int | None = None
    temperature_max_c: int | None = None
    faults: list[str] = Field(default_factory=list, sa_column=json_column())


class PresenceChange(SQLModel, table=True):
    """A device went from one presence to another."""

    __tablename__ = "presence_change"

    id: str = Field(primary_key=True, max_length=26)
    device_id: str = Field(foreign_key="device.id", index=True)
    at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    presence: Presence = Field(sa_column=enum_column(Presence))


class Cluster(SQLModel, table=True):
    """One controllable group of loudspeakers. `device_id` is what sounds it: its own controller, or its gateway.

    code: a wireless cluster's address on air. languages: the village's, in the order they are to be heard.
    """

    __tablename__ = "cluster"

    id: str = Field(primary_key=True, max_length=48)
    name: str
    kind: ClusterKind = Field(sa_column=enum_column(ClusterKind))
    commune_id: str = Field(foreign_key="place.id", index=True)
    village_id: str = Field(foreign_key="place.id", index=True)
    device_id: str | None = Field(default=None, foreign_key="device.id", index=True)
    code: str = ""
    link: str = "4g"
    power: str = "grid"
    languages: list[str] = Field(default_factory=list, sa_column=json_column())
    speakers: int = 2
    lat: float | None = None
    lon: float | None = None
    retired_at: datetime | None = Field(default=None, sa_column=moment_column())


class Zone(SQLModel, table=True):
    """An operator's own group of clusters."""

    __tablename__ = "zone"

    id: str = Field(primary_key=True, max_length=48)
    commune_id: str = Field(foreign_key="place.id", index=True)
    name: str


class ZoneMember(SQLModel, table=True):
    """A cluster in a zone."""

    __tablename__ = "zone_member"

    zone_id: str = Field(primary_key=True, foreign_key="zone.id")
    cluster_id: str = Field(primary_key=True, foreign_key="cluster.id")


class OrderLog(SQLModel, table=True):
    """Where a log stands. `signer_id` is the authority that signs it; `tip` the SHA-256 of the order at `head`.

    issued_at: the moment that order says it was issued, which is ahead of the clock when the clock was set back.
    """

    __tablename__ = "order_log"

    log: str = Field(primary_key=True, max_length=64)
    signer_id: str = Field(foreign_key="place.id")
    head: int = 0
    floor: int = 1
    tip: bytes = Field(default=bytes(32), sa_column=Column(LargeBinary, nullable=False))
    issued_at: datetime | None = Field(default=None, sa_column=moment_column())


class OrderEntry(SQLModel, table=True):
    """One signed order. The two unique constraints are the fences: nothing is ordered twice, no number is reused.

    kind: what it does to its occurrence ("play", "cancel", "all_clear", …). urgency: the play class it serves, or 4 for
    what everything after it needs. epoch: of the key that signed it. expires_at: when it ends, by its own word or
    because a later order took its place.
    """

    __tablename__ = "order_entry"
    __table_args__ = (
        UniqueConstraint("log", "seq"),
        UniqueConstraint("occurrence_id", "kind"),
        Index("ix_order_entry_unsent", "sent_at", "urgency", "seq"),
        Index("ix_order_entry_in_force", "log", "expires_at", "seq"),
    )

    id: str = Field(primary_key=True, max_length=26)
    log: str = Field(foreign_key="order_log.log")
    seq: int
    type: str
    kind: str
    occurrence_id: str | None = Field(default=None, index=True)
    urgency: int = 1
    epoch: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    issued_at: datetime = Field(sa_column=moment_column(nullable=False))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    audience: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    envelope: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=moment_column())


class PublishedContent(SQLModel, table=True):
    """A content some order names: only these are served to devices, until the last order that names them expires."""

    __tablename__ = "published_content"

    sha256: str = Field(primary_key=True, max_length=64)
    size: int
    codec: str
    until: datetime = Field(sa_column=moment_column(nullable=False, index=True))


class Delivery(SQLModel, table=True):
    """What is proved of one occurrence in one cluster. Every moment is the device's own, `start_bound_ms` its error.

    step_n: number of the receipt the present step rests on, so that receipts may arrive in any order. village_id,
    languages: the cluster's when it was ordered, so that a report of the past stays what it was.
    """

    __tablename__ = "delivery"

    occurrence_id: str = Field(primary_key=True, max_length=26)
    cluster_id: str = Field(primary_key=True, foreign_key="cluster.id")
    commune_id: str = Field(foreign_key="place.id", index=True)
    order_id: str = Field(foreign_key="order_entry.id", index=True)
    device_id: str | None = Field(default=None, foreign_key="device.id", index=True)
    village_id: str | None = Field(default=None, max_length=48)
    languages: list[str] | None = Field(default=None, sa_column=optional_json_column())
    state: DeliveryState = Field(default=DeliveryState.ORDERED, sa_column=enum_column(DeliveryState))
    ordered_at: datetime = Field(sa_column=moment_column(nullable=False))
    has_order_at: datetime | None = Field(default=None, sa_column=moment_column())
    stored_at: datetime | None = Field(default=None, sa_column=moment_column())
    started_at: datetime | None = Field(default=None, sa_column=moment_column())
    start_bound_ms: int | None = None
    finished_at: datetime | None = Field(default=None, sa_column=moment_column())
    sounded_ms: int = 0
    step_n: int = 0
    reason: str = ""


class ReceiptEntry(SQLModel, table=True):
    """A device's signed statement, kept as it came. `digest` is the SHA-256 of the envelope, so none is kept twice.

    series: grows when a device begins its numbering anew (its flash was lost).
    """

    __tablename__ = "receipt_entry"
    __table_args__ = (Index("ix_receipt_entry_device", "device_id", "series", "n"),)

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    device_id: str = Field(foreign_key="device.id")
    series: int = 0
    n: int
    order_id: str = Field(index=True)
    occurrence_id: str | None = Field(default=None, index=True)
    state: str
    at: datetime = Field(sa_column=moment_column(nullable=False))
    bound_ms: int = 0
    received_at: datetime = Field(sa_column=moment_column(nullable=False))
    carrier: str = "mqtt"
    chained: bool = True
    envelope: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
