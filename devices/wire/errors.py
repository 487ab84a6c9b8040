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

BUNDLE_REASONS: dict[str, str] = {
    "not_a_bundle": "This is not a Loa file. Nothing was changed. Choose the file whose name ends in .loa.",
    "truncated": "The file is not complete. Nothing was changed. Copy it again.",
    "altered": "The file was changed or damaged on its way. Nothing was changed. Copy it again from the commune.",
    "trailing": "Something was added to the end of the file. Nothing was changed. Copy it again from the commune.",
    "unknown_signer": "The file is not signed by this village's commune. Nothing was changed. Tell the commune.",
    "wrong_village": "This file is for another village. Nothing was changed.",
    "expired": "This file is too old. Nothing was changed. Ask the commune for a new one.",
    "too_large": "The file is larger than allowed. Nothing was changed.",
}

MESSAGES: dict[str, str] = {f"wire.{reason}": text for reason, text in REASONS.items()} | {
    f"bundle.{reason}": text for reason, text in BUNDLE_REASONS.items()
}


class BadMessage(Refused):
    """Bytes that break the protocol."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"wire.{reason}", detail=detail)
        self.reason = reason
        self.detail = detail


class BadBundle(Refused):
    """A courier's file that is refused as a whole; its ``reason`` is one of `BUNDLE_REASONS`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"bundle.{reason}", detail=detail)
        self.reason = reason
        self.detail = detail
