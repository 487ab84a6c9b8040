"""Hypothesis strategies for what travels, shared by the tests of the wire."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from base.ids import id_from_bytes
from devices.wire.audience import Audience
from devices.wire.beacon import Beacon
from devices.wire.config import Config, Hours
from devices.wire.content import Fill, Gap, Part, Rendition, Speech, Stream, Tone, Version
from devices.wire.errors import BadMessage
from devices.wire.fields import MAX_MS
from devices.wire.haves import MAX_SEQ, Haves
from devices.wire.keys import KeyEntry, Keys
from devices.wire.orders import (
    AfterPreemption,
    AllClear,
    Body,
    Cancel,
    Hold,
    Level,
    Order,
    Play,
    PlayClass,
    Repeat,
    Status,
    Stop,
)
from devices.wire.reports import Ack, ClockReport, ClockState, Heartbeat, Hello, Receipt, ReceiptState

ms = st.integers(0, MAX_MS)
seqs = st.integers(1, MAX_SEQ)
idents = st.binary(min_size=16, max_size=16).map(id_from_bytes)
digests = st.binary(min_size=32, max_size=32)
names = st.lists(st.text("abz019", min_size=1, max_size=6), min_size=1, max_size=4).map("-".join)
logs = st.one_of(names, names.map("d/{}".format))
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=16)
name_tuples = st.lists(names, max_size=4).map(tuple)
languages = st.sampled_from(["vi", "tay", "hmn", "nun", "dao"])

haves = st.sets(st.integers(1, 60), max_size=40).map(Haves.of)
haves_by_log = st.dictionaries(logs, haves, max_size=4)

renditions = st.builds(
    Rendition,
    sha256=digests,
    size=st.integers(1, 536_870_912),
    codec=words,
    duration_ms=st.integers(1, 7_200_000),
)
segments = st.tuples(st.integers(0, 5_000), st.integers(0, 5_000), st.integers(1, 8_000), st.integers(0, 2))
tones = st.builds(
    Tone,
    segments=st.lists(segments, min_size=1, max_size=4).map(tuple),
    repeat=st.integers(1, 20),
    gap_ms=st.integers(0, 10_000),
)
gaps = st.builds(Gap, duration_ms=st.integers(1, 600_000))


@st.composite
def _speeches(draw: st.DrawFn) -> Speech:
    """With its versions in the order that reading gives them: the first, then the others by language."""
    found = draw(st.lists(languages, min_size=1, max_size=3, unique=True))
    order = [found[0], *sorted(found[1:])]
    pick = st.lists(renditions, min_size=1, max_size=3).map(tuple)
    return Speech(tuple(Version(language, draw(pick)) for language in order))


speeches = _speeches()
streams = st.builds(
    Stream,
    url=st.sampled_from(["http://a", "https://[::1]:8443/live.ogg?x=%20", "http://10.0.0.1:8000/"]),
    duration_ms=st.integers(1, 86_400_000),
    quiet_ms=st.integers(1_000, 600_000),
    instead=st.none() | speeches,
    again_ms=st.none() | st.integers(0, 3_600_000),
)
fills = st.builds(Fill, until_ms=st.integers(1, 86_400_000), sound=st.none() | speeches)
parts: st.SearchStrategy[tuple[Part, ...]] = st.lists(
    st.one_of(tones, gaps, speeches, streams, fills), min_size=1, max_size=4
).map(tuple)

spans = st.lists(
    st.tuples(st.integers(0, 1_439), st.integers(1, 1_440)).filter(lambda span: span[0] < span[1]), max_size=4
).map(tuple)
hours = st.builds(Hours, spans=spans, offset_min=st.integers(-1_440, 1_440))


def _epoch(entry: KeyEntry) -> int:
    return entry.epoch


plays = st.builds(
    Play,
    occurrence=idents,
    start_ms=st.none() | ms,
    parts=parts,
    play_class=st.sampled_from(PlayClass),
    level=st.sampled_from(Level),
    status=st.sampled_from(Status),
    late_ms=st.integers(0, 86_400_000),
    repeat=st.builds(Repeat, st.integers(0, 1_000), st.integers(0, 3_600_000)),
    volume=st.integers(0, 100),
    preempted=st.sampled_from(AfterPreemption),
    stale_ms=st.none() | st.integers(0, 86_400_000),
    turn=st.integers(0, 1_000_000),
    title=words,
)
some_idents = st.lists(idents, min_size=1, max_size=5).map(tuple)
bodies: st.SearchStrategy[Body] = st.one_of(
    plays,
    st.builds(Cancel, some_idents, words),
    st.builds(Stop, st.sampled_from(PlayClass)),
    st.builds(AllClear, some_idents),
    st.builds(Hold, names, parts),
    st.builds(
        Config,
        hours=hours,
        volume_max=st.integers(0, 100),
        heartbeat_s=st.integers(5, 3_600),
        content=st.lists(words, max_size=8).map(tuple),
        exchange=st.lists(words, max_size=8).map(tuple),
        saver_pct=st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda two: (max(two), min(two))),
        online=spans,
    ),
    st.builds(
        Keys,
        st.lists(st.builds(KeyEntry, st.integers(0, 99), digests, ms), min_size=1, max_size=3, unique_by=_epoch).map(
            tuple
        ),
        st.lists(st.builds(KeyEntry, st.integers(100, 199), digests, ms), max_size=3, unique_by=_epoch).map(tuple),
    ),
)
audiences = st.builds(Audience, name_tuples, name_tuples, name_tuples, name_tuples)
orders = st.builds(
    Order,
    id=idents,
    log=logs,
    seq=seqs,
    prev=digests,
    issued_ms=ms,
    expires_ms=ms,
    audience=audiences,
    body=bodies,
)

_heads = st.integers(0, MAX_SEQ - 1)
beacons = _heads.flatmap(
    lambda head: st.builds(
        Beacon,
        log=logs,
        head=st.just(head),
        floor=st.integers(1, head + 1),
        tip=digests,
        at_ms=ms,
        gone=st.lists(st.tuples(seqs, seqs).map(lambda two: (min(two), max(two))), max_size=4).map(tuple),
    )
)

clocks = st.builds(ClockReport, st.sampled_from(ClockState), ms, ms)
hellos = st.builds(
    Hello,
    device=names,
    boot=st.integers(0, 2**32),
    firmware=words,
    model=words,
    codecs=st.lists(words, max_size=3).map(tuple),
    clusters=name_tuples,
    clock=clocks,
    haves=haves_by_log,
    parts=st.lists(words, max_size=3).map(tuple),
)
heartbeats = st.builds(
    Heartbeat,
    device=names,
    boot=st.integers(0, 2**32),
    n=st.integers(0, 2**40),
    clock=clocks,
    haves=haves_by_log,
    playing=st.lists(idents, max_size=2).map(tuple),
    volume=st.integers(0, 100),
    power=words,
    battery_pct=st.none() | st.integers(0, 100),
    link=words,
    signal_dbm=st.none() | st.integers(-200, 0),
    temperature_c=st.none() | st.integers(-60, 150),
    storage_free_kib=st.integers(0, 2**40),
    storage_total_kib=st.integers(0, 2**40),
    faults=st.lists(words, max_size=3).map(tuple),
    uptime_s=st.integers(0, 2**32),
    quiet_until_ms=st.none() | ms,
    children=st.dictionaries(names, words, max_size=3),
    wake=spans,
)
receipts = st.builds(
    Receipt,
    device=names,
    n=seqs,
    prev=digests,
    boot=st.integers(0, 2**32),
    order=idents,
    occurrence=st.none() | idents,
    clusters=name_tuples,
    state=st.sampled_from(ReceiptState),
    at_ms=ms,
    bound_ms=ms,
    sounded_ms=ms,
    reason=words,
)
acks = st.builds(Ack, names, st.lists(digests, max_size=4).map(tuple))

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)
"""Anything that deterministic CBOR of this protocol can hold."""

strangers: st.SearchStrategy[Any] = values | st.floats() | st.lists(st.floats(), max_size=4) | st.integers()
"""What a decoded message must never make a reader stumble over, allowed on the wire or not."""


@st.composite
def mangled(draw: st.DrawFn, whole: Any) -> Any:
    """`whole` with one value somewhere in it exchanged for anything, or taken away."""
    if isinstance(whole, dict) and whole and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(sorted(whole)))
        if draw(st.booleans()):
            return {key: value for key, value in whole.items() if key != name}
        return whole | {name: draw(mangled(whole[name]))}
    if isinstance(whole, list) and whole and draw(st.booleans()):
        at = draw(st.integers(0, len(whole) - 1))
        return [*whole[:at], draw(mangled(whole[at])), *whole[at + 1 :]]
    return draw(strangers)


def reason_for(call: Callable[..., Any], *arguments: Any) -> str | None:
    """Why the call refused its message, None when it took it; any other error is the caller's failure."""
    try:
        call(*arguments)
    except BadMessage as refused:
        return refused.reason
    return None
