"""Passwords: Argon2 hashes, and one-time passwords that can be read out over a telephone."""

import asyncio
import secrets
from functools import cache

from pwdlib import PasswordHash

from base.errors import Refused

SHORTEST = 10
LONGEST = 200
_SPOKEN = "abcdefghjkmnpqrstuvwxyz23456789"
"""No l, i, o, 0, 1: a one-time password is copied by hand."""

_hasher = PasswordHash.recommended()


@cache
def _nobodys_hash() -> str:
    """Verified for unknown logins, so that they take as long as known ones."""
    return _hasher.hash(secrets.token_hex())


def check_password(password: str, login: str) -> None:
    """Raise Refused for a password too short, too long, or equal to the login (NIST SP 800-63B: length, no recipes)."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused("server.password_length", shortest=SHORTEST, longest=LONGEST)
    if password.casefold() == login.casefold() or len(set(password)) < 4:
        raise Refused("server.password_weak")


def one_time_password() -> str:
    """Sixteen characters in groups of four: 79 bits."""
    drawn = "".join(secrets.choice(_SPOKEN) for _ in range(16))
    return "-".join(drawn[at : at + 4] for at in range(0, 16, 4))


async def hash_password(password: str) -> str:
    """The Argon2 hash, made in a thread: it is slow on purpose."""
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; for an unknown person (None) as slowly as for a known one, and always False."""
    fits = await asyncio.to_thread(lambda: _hasher.verify(password[:LONGEST], password_hash or _nobodys_hash()))
    return fits and password_hash is not None
