"""Reading bytes that claim to be orders: verified first, then understood or not (pure)."""

from dataclasses import dataclass

from devices.wire.audience import Audience
from devices.wire.envelope import Keyring, Kind, verify
from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.haves import MAX_SEQ
from devices.wire.topics import is_log, log_device
from devices.wire.trust import CommuneOf, SignedOrder, authority_of, open_order

_NOT_UNDERSTOOD = {"unknown_type": "unsupported", "bad_field": "malformed"}


@dataclass(frozen=True, slots=True)
class Strange:
    """An order truly signed by its authority whose contents this firmware cannot read: counted and rejected.

    Were it not counted, it would be missing for ever and sent again for ever.
    """

    id: str
    log: str
    seq: int
    audience: Audience
    reason: str


def read_order(data: bytes, keyring: Keyring, commune_of: CommuneOf) -> SignedOrder | Strange:
    """Verify an order and read it. Raises BadMessage for what is not to be trusted, or not even its head readable."""
    try:
        return open_order(data, keyring, commune_of)
    except BadMessage as refusal:
        if refusal.reason not in _NOT_UNDERSTOOD:
            raise
        return _head_only(data, keyring, commune_of, _NOT_UNDERSTOOD[refusal.reason])


def _head_only(data: bytes, keyring: Keyring, commune_of: CommuneOf, reason: str) -> Strange:
    verified = verify(Kind.ORDER, data, keyring)
    fields = Fields(verified.payload, "order")
    log = fields.text("log", 64)
    device = log_device(log)
    if not is_log(log):
        raise BadMessage("bad_field", "order.log")
    if (log if device is None else commune_of(device)) != authority_of(verified.kid):
        raise BadMessage("wrong_authority", log)
    return Strange(
        id=fields.ident("id"),
        log=log,
        seq=fields.whole("seq", 1, MAX_SEQ),
        audience=Audience.from_fields(fields.part("to")),
        reason=reason,
    )
