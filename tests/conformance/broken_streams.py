"""What can be wrong with a speaker's live streams and fills."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import devices.wire.content as content_module
import devices.wire.orders as orders_module
import firmware_sim.live as live_module
import firmware_sim.render as render_module
from devices.wire.content import Fill, Stream, Version
from firmware_sim.effects import Tune
from firmware_sim.live import LiveStreams
from firmware_sim.relaying import Relay
from tests.conformance.faults import fault, nothing, swallow


@fault("relay.sounds")
def deaf_to_streams() -> None:
    tune = LiveStreams.tune
    LiveStreams.tune = lambda self, _url: tune(self, "http://127.0.0.1:9/")  # type: ignore[method-assign]


@fault("relay.ahead")
def opens_streams_late() -> None:
    swallow(Tune)


@fault("relay.fallback")
def nothing_stands_in() -> None:
    Relay._judge = nothing  # type: ignore[method-assign]


@fault("relay.silence")
def takes_silence_for_sound() -> None:
    render_module.is_loud = live_module.is_loud = lambda _block: True  # type: ignore[attr-defined]


@fault("relay.returns")
def gives_a_stream_up() -> None:
    live_module.STUCK_S = 1.0
    listen, asked = live_module._Stream._listen, set[str]()

    def once(self: Any) -> None:
        if self.url in asked:
            self.stop()
            return
        asked.add(self.url)
        listen(self)

    live_module._Stream._listen = once  # type: ignore[method-assign]


@fault("relay.ends")
def outlasts_its_slot() -> None:
    def length(part: Any, length_ms: int, _at_ms: int) -> int:
        stands_in = part.instead.versions[0].renditions[0].duration_ms if isinstance(part, Stream) else 0
        return max(length_ms, stands_in)

    lengths(length)


@fault("relay.interrupted")
def drops_an_interrupted_stream() -> None:
    read = orders_module._BODIES["play"]

    def dropping(fields: Any) -> Any:
        return replace(read(fields), preempted=orders_module.AfterPreemption.DROP)

    orders_module._BODIES = {**orders_module._BODIES, "play": dropping}


@fault("relay.address")
def asks_any_address() -> None:
    content_module.is_stream_url = lambda _url: True  # type: ignore[attr-defined]


def lengths(length: Callable[[Any, int, int], int]) -> None:
    """Every piece of sound lasts what this makes of it: of its part, its true length, and where it begins."""
    heard = content_module._heard

    def wrong(part: Any, at_ms: int, languages: Any) -> Any:
        for length_ms, sound in heard(part, 0 if isinstance(part, Fill) else at_ms, languages):
            yield length(part, length_ms, at_ms), sound

    content_module._heard = wrong


@fault("fill.time")
def fills_for_a_length() -> None:
    lengths(lambda _part, length_ms, _at_ms: length_ms)


@fault("fill.past")
def never_leaves_a_fill_out() -> None:
    def length(part: Any, length_ms: int, at_ms: int) -> int:
        late = isinstance(part, Fill) and at_ms >= length_ms
        return length_ms - at_ms if isinstance(part, Fill) and not late else length_ms

    lengths(length)


@fault("fill.content")
def does_not_fetch_what_fills() -> None:
    content_module.Piece.versions = property(  # type: ignore[assignment]
        lambda self: (self.sound,) if isinstance(self.sound, Version) else ()
    )
