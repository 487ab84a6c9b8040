"""Secrets a browser or a program shows: drawn here, kept only as SHA-256 (pure but for the randomness)."""

import hashlib
import secrets
from datetime import datetime, timedelta

from server.auth.models import LoginSession

BEARER_PREFIX = "loa_"
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
"""A session ends after half a day without use, and after a week in any case (OWASP ASVS 5, 7.3)."""


def new_session_token() -> str:
    """A cookie value of 256 bits."""
    return secrets.token_urlsafe(32)


def new_bearer_token() -> str:
    """An API token of 256 bits, recognisable to secret scanners by its prefix."""
    return BEARER_PREFIX + secrets.token_urlsafe(32)


def new_csrf() -> str:
    """What every form of a session carries."""
    return secrets.token_urlsafe(24)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def same(left: str, right: str) -> bool:
    """Compare secrets in constant time."""
    return secrets.compare_digest(left.encode(), right.encode())


def session_holds(session: LoginSession, now: datetime) -> bool:
    """Whether a session still signs its browser in."""
    return now < session.expires_at and now < session.seen_at + IDLE
