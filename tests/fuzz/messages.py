"""What comes over the air and by courier: messages, files of messages, and calendars of other programs."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from base.errors import Refused
from devices.wire import trust
from devices.wire.beacon import Beacon
from devices.wire.blocks import Want
from devices.wire.bundle import read_bundle
from devices.wire.canonical import decode_canonical
from devices.wire.down import Frame
from devices.wire.envelope import CheckingKey, Kind, unseal, verify
from devices.wire.errors import BadBundle, BadMessage
from devices.wire.orders import Order
from devices.wire.reports import Ack, Heartbeat, Hello, Receipt
from devices.wire.returns import read_return
from devices.wire.up import UpFrame
from schedules.ical.reading import read_calendar
from schedules.ical.writing import write_calendar
from tests.fuzz.target import Target

FILE: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "fixtures/wire/vectors.json").read_text(encoding="utf-8")
)
DEVICE, COMMUNE = FILE["receiver"]["device"], FILE["receiver"]["commune"]
SIGNERS = {key["kid"]: CheckingKey.from_public(key["kid"], bytes.fromhex(key["public"])) for key in FILE["keys"]}
SEALERS = {key["kid"]: CheckingKey.from_secret(key["kid"], bytes.fromhex(key["secret"])) for key in FILE["secrets"]}
COMMUNES = {DEVICE: COMMUNE}
FORMS: tuple[Callable[[Any], Any], ...] = tuple(
    each.from_map for each in (Order, Beacon, Ack, Hello, Receipt, Heartbeat, Want)
)
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:a
SUMMARY:Tin sáng
DTSTAMP:20260101T000000Z
DTSTART;TZID=Asia/Ho_Chi_Minh:20260105T053000
DURATION:PT20M
RRULE:FREQ=MONTHLY;BYDAY=MO,-1FR;BYSETPOS=1,-1;COUNT=9;WKST=SU
EXDATE:20260112T053000
RDATE:20260113T060000
END:VEVENT
BEGIN:VEVENT
UID:a
RECURRENCE-ID:20260202T053000
DTSTART:20260202T070000
END:VEVENT
END:VCALENDAR
"""


def check_envelope(data: bytes) -> None:
    """Any reader of a signed message takes it or raises BadMessage."""
    readers: tuple[Callable[[], Any], ...] = (
        lambda: trust.open_order(data, SIGNERS.get, COMMUNES.get),
        lambda: trust.open_beacon(data, SIGNERS.get, COMMUNES.get),
        lambda: trust.open_ack(data, SIGNERS.get, COMMUNES.get),
        lambda: Hello.from_map(verify(Kind.HELLO, data, SIGNERS.get).payload),
        lambda: Receipt.from_map(verify(Kind.RECEIPT, data, SIGNERS.get).payload),
        lambda: Heartbeat.from_map(unseal(Kind.HEARTBEAT, data, SEALERS.get).payload),
        lambda: Frame.from_bytes(data),
        lambda: UpFrame.from_bytes(data),
    )
    for reader in readers:
        _refused_or_read(reader)


def check_payload(data: bytes) -> None:
    """What is inside a signature: every form is read and comes back the same, or is refused."""
    found = _refused_or_read(lambda: decode_canonical(data))
    for form in FORMS:
        message = _refused_or_read(lambda form=form: form(found))
        if message is not None:
            assert form(message.to_map()) == message


def check_bundle(data: bytes) -> None:
    """Bundles and return files are read to their end or refused; contents only as long as they said."""
    sinks: dict[bytes, io.BytesIO] = {}
    with suppress(BadBundle):
        found = read_bundle(
            io.BytesIO(data),
            keyring=SIGNERS.get,
            device=DEVICE,
            commune=COMMUNE,
            now_ms=None,
            blob=lambda sha256, _: sinks.setdefault(sha256, io.BytesIO()),
        )
        assert all(len(sinks[sha256].getvalue()) == size for sha256, size in found.blobs)
    with suppress(BadBundle):
        read_return(io.BytesIO(data), keyring=SIGNERS.get)


def check_calendar(data: bytes) -> None:
    """A calendar is refused, or what was taken of it can be written and is read back as much."""
    try:
        found = read_calendar(data, VIETNAM)
    except Refused:
        return
    named = [replace(event, uid=f"e{number}") for number, event in enumerate(found.events)]
    written = write_calendar(named, name="a", now=NOW, through=NOW.date(), language="vi")
    again = read_calendar(written, VIETNAM)
    assert not again.problems, again.problems


def _refused_or_read(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except BadMessage:
        return None


def _vectors(*groups: str, field: str) -> Iterator[bytes]:
    return (bytes.fromhex(vector[field]) for group in groups for vector in FILE[group] if field in vector)


def _frames() -> Iterator[bytes]:
    yield from _vectors("accepted", field="signed")
    yield from _vectors("down", "up", field="frame")


TARGETS = {
    "envelope": Target(_frames, check_envelope),
    "payload": Target(lambda: _vectors("accepted", field="payload_cbor"), check_payload),
    "bundle": Target(lambda: _vectors("files", field="file"), check_bundle, 20_000),
    "calendar": Target(lambda: iter([CALENDAR.replace("\n", "\r\n").encode()]), check_calendar),
}
