"""A one-time code by which a board makes itself known: how it is written, and its row."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from base.columns import json_column, moment_column

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No character that looks like another: neither 0, 1, I, L, O nor U."""
LENGTH = 10
"""30 characters, 10 times: 49 bits. Guessing goes by the server, which lets few tries through."""
LIFETIME = timedelta(hours=24)
_GROUP = 5
_PASSED_OVER = str.maketrans({" ": None, "-": None})


class EnrolmentCode(SQLModel, table=True):
    """What a code is for. Only its keyed digest is kept. public: whose key used it; the same may ask again.

    device_id: need not be enrolled yet. cluster_ids: what it is to sound or transmit for.
    """

    __tablename__ = "enrolment_code"

    digest: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    device_id: str = Field(max_length=48, index=True)
    commune_id: str = Field(foreign_key="place.id")
    cluster_ids: list[str] = Field(default_factory=list, sa_column=json_column())
    transmitter_khz: int | None = None
    made_by: str | None = Field(default=None, max_length=26)
    made_at: datetime = Field(sa_column=moment_column(nullable=False))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=moment_column())
    public: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def new_code() -> str:
    """A code as it is shown: two groups of five."""
    return shown("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def shown(code: str) -> str:
    """In groups, as people read it out."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def meant(typed: str) -> str | None:
    """The code somebody typed, in capitals and without groups; None when it can be none."""
    code = typed.upper().translate(_PASSED_OVER)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def digest(key: bytes, code: str) -> bytes:
    """What is kept of a code: HMAC-SHA256 under a secret that is no row, so that the table alone gives no code away."""
    return hmac.digest(key, code.encode("ascii"), "sha256")


def proof_input(code: str, public: bytes) -> bytes:
    """What a board signs to show that the key it brings is its own."""
    return b"loa/1/enrol\0" + code.encode("ascii") + b"\0" + public


def fingerprint(trusted: Iterable[tuple[str, bytes]]) -> str:
    """Sixteen digits by which two people compare whom a device trusts: (kid, public key) of every authority's key."""
    lines = "".join(f"{kid} {public.hex()}\n" for kid, public in sorted(trusted))
    digits = hashlib.sha256(lines.encode("ascii")).hexdigest()[:16].upper()
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))
