"""The tables of contact plans, routes, bundles and return files."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from base.columns import enum_column, json_column, moment_column
from devices.contacts import Reach


class HandOver(StrEnum):
    """What says that a device took a bundle: its own signed return file, or only the phone that handed it over."""

    RETURN = "return"
    PHONE = "phone"


class CourierRoute(SQLModel, table=True):
    """Where somebody goes regularly. visits: [weekday (Monday 0), minute of the local day] of each departure.

    prepared_for: the visit a bundle was last prepared for by itself.
    """

    __tablename__ = "courier_route"

    id: str = Field(primary_key=True, max_length=48)
    commune_id: str = Field(foreign_key="place.id", index=True)
    name: str
    visits: list[list[int]] = Field(default_factory=list, sa_column=json_column())
    travel_min: int = 180
    ahead_min: int = 720
    prepared_for: datetime | None = Field(default=None, sa_column=moment_column())


class DeviceContact(SQLModel, table=True):
    """How a device is reached, as somebody wrote it down; a device without a row is always online.

    spans: minutes of the local day [from, to) in which its link is there. rate_kbit: what was measured of its link.
    """

    __tablename__ = "device_contact"

    device_id: str = Field(primary_key=True, foreign_key="device.id")
    reach: Reach = Field(default=Reach.ONLINE, sa_column=enum_column(Reach, index=True))
    spans: list[list[int]] = Field(default_factory=list, sa_column=json_column())
    rate_kbit: int | None = None
    route_id: str | None = Field(default=None, foreign_key="courier_route.id", index=True)


class CourierBundle(SQLModel, table=True):
    """One file that was prepared. prepared_by None: by itself, before a visit. removed_at: the file is gone."""

    __tablename__ = "courier_bundle"

    id: str = Field(primary_key=True, max_length=26)
    commune_id: str = Field(foreign_key="place.id", index=True)
    label: str
    route_id: str | None = Field(default=None, foreign_key="courier_route.id", index=True)
    file_name: str
    size: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    orders: int
    contents: int
    prepared_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    prepared_by: str | None = Field(default=None, max_length=26)
    expires_at: datetime = Field(sa_column=moment_column(nullable=False))
    removed_at: datetime | None = Field(default=None, sa_column=moment_column())


class BundleDevice(SQLModel, table=True):
    """One device a bundle is for. haves: what it was taken to hold when the bundle was prepared.

    proof: a `HandOver`, or empty; when it is the return file, handed_at is the device's own time. outcome: what the
    device said to the phone.
    """

    __tablename__ = "courier_bundle_device"

    bundle_id: str = Field(primary_key=True, foreign_key="courier_bundle.id", max_length=26)
    device_id: str = Field(primary_key=True, foreign_key="device.id")
    haves: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    handed_at: datetime | None = Field(default=None, sa_column=moment_column())
    proof: str = Field(default="", max_length=24)
    outcome: str = ""


class BundleOrder(SQLModel, table=True):
    """An order in a bundle."""

    __tablename__ = "courier_bundle_order"

    bundle_id: str = Field(primary_key=True, foreign_key="courier_bundle.id", max_length=26)
    order_id: str = Field(primary_key=True, foreign_key="order_entry.id", max_length=26)


class Carriage(SQLModel, table=True):
    """Somebody took a bundle along: the name as it was written down, and who wrote it."""

    __tablename__ = "courier_carriage"
    __table_args__ = (UniqueConstraint("bundle_id", "carrier"),)

    id: str = Field(primary_key=True, max_length=26)
    bundle_id: str = Field(foreign_key="courier_bundle.id", index=True, max_length=26)
    carrier: str = Field(max_length=120)
    at: datetime = Field(sa_column=moment_column(nullable=False))
    user_id: str | None = Field(default=None, max_length=26)


class CourierReturn(SQLModel, table=True):
    """A return file that was taken in; the same file comes again without effect. digest: SHA-256 of its first entry.

    clock_at: what the device's clock showed, None when it was not set. latest: it told more than we knew by then.
    """

    __tablename__ = "courier_return"

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    device_id: str = Field(foreign_key="device.id", index=True)
    boot: int
    n: int
    clock_at: datetime | None = Field(default=None, sa_column=moment_column())
    latest: bool
    receipts: int
    received_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    received_by: str | None = Field(default=None, max_length=26)


class LastReturn(SQLModel, table=True):
    """What is known of a device by its latest return file; one row a device, overwritten by a later one only.

    generation: of the device's identity then. held: contents it holds, SHA-256 in hex.
    first_n: its oldest receipt not acknowledged then, 0 when it had none.
    """

    __tablename__ = "last_return"

    device_id: str = Field(primary_key=True, foreign_key="device.id")
    generation: int
    boot: int
    n: int
    clock_at: datetime | None = Field(default=None, sa_column=moment_column())
    clock_state: str
    received_at: datetime = Field(sa_column=moment_column(nullable=False))
    held: list[str] = Field(default_factory=list, sa_column=json_column())
    first_n: int = 0
