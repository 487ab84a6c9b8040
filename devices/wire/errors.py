"""Why a message from the wire is refused.

`BadMessage` is a Refused: the bytes break the protocol, and its ``reason`` is one of `REASONS`.
"""

from base.errors import Refused

REASONS: dict[str, str] = {
    "malformed": "The bytes are not a message of this protocol.",
    "too_large": "The message is larger than its kind allows.",
    "not_canonical": "The encoding is not deterministic: duplicate keys, trailing bytes or a long form.",
    "unknown_version": "The message is of a version this receiver does not speak.",
    "unknown_key": "No key of that name and epoch is trusted here.",
    "bad_signature": "The signature or code does not fit the message.",
    "wrong_authority": "The signer has no say over this log.",
    "foreign": "The message is for another device.",
    "bad_field": "A field is missing, of the wrong kind, or outside its limits.",
    "unknown_type": "Orders of this type are not known here.",
    "expired": "The message was past its expiry when it arrived.",
    "replayed": "The message is older than one already taken.",
}

MESSAGES: dict[str, str] = {f"wire.{reason}": text for reason, text in REASONS.items()}


class BadMessage(Refused):
    """Bytes that break the protocol."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"wire.{reason}", detail=detail)
        self.reason = reason
        self.detail = detail
