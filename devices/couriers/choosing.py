"""Which contents a device needs of the orders in force, and in which rendition (pure)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from devices.wire.audience import Listener
from devices.wire.content import Part, Rendition, Version, speeches_in
from devices.wire.orders import AllClear, Cancel, Hold, Order, Play, PlayClass

BIG_BYTES = 8 << 20
"""A content larger than this (an hour at 16 kbit/s is 7.2 MB) is carried in its lightest rendition."""
FREE_SHARE = 0.8
"""What of a device's free storage a bundle may fill before it carries the lightest renditions of everything."""


@dataclass(frozen=True, slots=True)
class Hearer:
    """A cluster: what it knows of itself, and its languages in the order they are to be heard."""

    listener: Listener
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A device as far as choosing contents goes. codecs: none known means all. free_bytes None: not known."""

    device_id: str
    hearers: tuple[Hearer, ...]
    codecs: frozenset[str] = frozenset()
    held: frozenset[bytes] = frozenset()
    free_bytes: int | None = None


def needed(orders: Sequence[Order], recipient: Recipient, now_ms: int) -> list[Rendition]:
    """What the device lacks of the sounds that these orders, all those in force, still want of it; urgent ones first.

    orders: of each log in its order.
    """
    versions = list(_versions(orders, recipient, now_ms))
    chosen = _chosen(versions, recipient, light=False)
    if recipient.free_bytes is not None and sum(r.size for r in chosen) > recipient.free_bytes * FREE_SHARE:
        return _chosen(versions, recipient, light=True)
    return chosen


def weigh(parts: Iterable[Part], languages: Sequence[str]) -> tuple[int, int]:
    """Bytes of what a cluster of these languages hears: in the first renditions, and in the lightest."""
    heard = [v for speech in speeches_in(parts) for v in speech.for_languages(languages)]
    unique = {version.renditions[0].sha256: version for version in heard}.values()
    return (
        sum(version.renditions[0].size for version in unique),
        sum(min(rendition.size for rendition in version.renditions) for version in unique),
    )


def _versions(orders: Sequence[Order], recipient: Recipient, now_ms: int) -> Iterator[Version]:
    called_off = {
        occurrence
        for order in orders
        if isinstance(order.body, Cancel | AllClear)
        for occurrence in order.body.occurrences
    }
    banks = {(order.log, order.body.bank): order.id for order in orders if isinstance(order.body, Hold)}
    for order in sorted(orders, key=_urgency):
        body = order.body
        if isinstance(body, Play):
            wanted = body.occurrence not in called_off and not _missed(body, now_ms)
        elif isinstance(body, Hold):
            wanted = banks[order.log, body.bank] == order.id
        else:
            continue
        if wanted:
            yield from _heard(order, body.parts, recipient.hearers)


def _urgency(order: Order) -> tuple[int, int]:
    """Emergencies, then the message bank, then what begins first."""
    body = order.body
    if isinstance(body, Play):
        emergency = body.play_class is PlayClass.EMERGENCY
        return (0 if emergency else 2), body.start_ms or order.issued_ms
    return 1, order.issued_ms


def _missed(body: Play, now_ms: int) -> bool:
    return body.start_ms is not None and body.start_ms + body.late_ms < now_ms


def _heard(order: Order, parts: Iterable[Part], hearers: Iterable[Hearer]) -> Iterator[Version]:
    for hearer in hearers:
        if order.audience.includes(hearer.listener):
            for speech in speeches_in(parts):
                yield from speech.for_languages(hearer.languages)


def _chosen(versions: Iterable[Version], recipient: Recipient, *, light: bool) -> list[Rendition]:
    chosen: dict[bytes, Rendition] = {}
    for version in versions:
        if any(rendition.sha256 in recipient.held for rendition in version.renditions):
            continue
        rendition = _rendition(version.renditions, recipient.codecs, light=light)
        if rendition is not None:
            chosen[rendition.sha256] = rendition
    return list(chosen.values())


def _rendition(renditions: Sequence[Rendition], codecs: Collection[str], *, light: bool) -> Rendition | None:
    fit = [rendition for rendition in renditions if not codecs or rendition.codec in codecs]
    if not fit:
        return None
    return min(fit, key=lambda r: r.size) if light or fit[0].size > BIG_BYTES else fit[0]
