"""Which addresses a station's stream may have: the web's, without a password, and outside our own networks (pure)."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from base.errors import Refused
from devices.wire.addresses import MAX_URL_BYTES, is_stream_url

LOCAL_NAMES = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
"""RFC 6761, RFC 6762, ICANN 2024, RFC 8375, and what routers use."""


def check_address(url: str, *, private: bool = False) -> None:
    """Raise Refused for what no order may carry, and, unless `private`, for what lies in a network of our own.

    relay_address_wrong, relay_address_secret, relay_address_private. A name is looked up by `server.stream_trial`.
    """
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise Refused("schedules.relay_address_secret")
    if not is_stream_url(url):
        raise Refused("schedules.relay_address_wrong", limit=MAX_URL_BYTES)
    host = host_of(url)
    if private:
        return
    try:
        outside = is_public(host)
    except ValueError:
        named = f".{host}"
        outside = not named.endswith(LOCAL_NAMES) and "." in host and not host.rpartition(".")[2].isdigit()
    if not outside:
        raise Refused("schedules.relay_address_private", host=host[:80])


def host_of(url: str) -> str:
    """The host of an address that was checked, small letters, without brackets or a last dot."""
    return (urlsplit(url).hostname or "").rstrip(".")


def is_public(address: str) -> bool:
    """Whether an IP address may be anybody's on the internet. Raises ValueError when it is none."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.is_site_local:  # RFC 3879 gave these up, which makes them nobody's
            return False
        ip = ip.ipv4_mapped or ip.sixtofour or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
