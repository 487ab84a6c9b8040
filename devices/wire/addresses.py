"""Which addresses of a live stream an order may carry (pure)."""

import re

MAX_URL_BYTES = 512
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
_URL = re.compile(rf"https?://{_HOST}(?::(?P<port>[0-9]{{1,5}}))?(?:[/?][!-\"$-~]*)?")
"""Printable ASCII, no fragment; no name and password, for anybody may read an order."""


def is_stream_url(url: str) -> bool:
    """Whether a device may be sent to this address: http or https, a host, at most 512 bytes of printable ASCII."""
    found = _URL.fullmatch(url) if len(url) <= MAX_URL_BYTES else None
    return found is not None and 0 < int(found["port"] or 80) < 65_536
