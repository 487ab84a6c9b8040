"""Carrying out what a speaker wants done, in order; what sounds or is told waits until all before it is durable."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from base.errors import LoaError
from firmware_sim import events
from firmware_sim.block_fetcher import BlockFetcher
from firmware_sim.carriers import Carriers
from firmware_sim.clock import Reading
from firmware_sim.contents import Contents
from firmware_sim.effects import (
    Effect,
    Fetch,
    Forget,
    Keep,
    Link,
    Log,
    Publish,
    Silence,
    Sound,
    TakeBlock,
    Tune,
)
from firmware_sim.fetcher import Fetcher
from firmware_sim.player import PLAYER_FAILED, Player

_log = structlog.get_logger(__name__)


class Watcher(Protocol):
    """Told of what devices do, for status and figures."""

    def kept(self, device: str, effect: Keep) -> None:
        """This was handed to flash."""

    def sounded(self, device: str, sound: Sound, at: Reading) -> None:
        """This began to sound."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What effects are carried out with."""

    device: str
    player: Player
    contents: Contents
    fetcher: Fetcher
    blocks: BlockFetcher
    carriers: Carriers
    clock: Callable[[], Reading]
    watcher: Watcher | None


@dataclass(frozen=True, slots=True)
class _Turn:
    durable: "Future[Any] | None"
    effects: deque[Effect]


class Carrying:
    """One device's effects since it was powered. `feed` takes the events that come of them."""

    def __init__(self, tools: Tools, feed: Callable[[events.Event], None]) -> None:
        self._tools, self._feed = tools, feed
        self._turns: deque[_Turn] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._link_steps: set[asyncio.Task[None]] = set()

    def add(self, effects: Iterable[Effect], durable: "Future[Any] | None") -> None:
        """Carry these out behind all others. durable: what is kept until now; None when nothing ever was."""
        self._turns.append(_Turn(durable, deque(effects)))
        if self._pump is None and not self._advance():
            self._pump = asyncio.get_running_loop().create_task(self._pump_on())

    def close(self) -> None:
        """Carry out nothing more."""
        self._turns.clear()
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        for step in self._link_steps:
            step.cancel()

    def _advance(self) -> bool:
        """Carry out effects until one has to wait for flash; whether all are done."""
        while self._turns:
            turn = self._turns[0]
            while turn.effects:
                waits = isinstance(turn.effects[0], Sound | Publish)
                if waits and turn.durable is not None and not turn.durable.done():
                    return False
                self._try_out(turn.effects.popleft(), turn.durable)
            self._turns.popleft()
        return True

    async def _pump_on(self) -> None:
        while self._turns and not self._advance():
            durable = self._turns[0].durable
            if durable is not None:
                with contextlib.suppress(LoaError):
                    # Shielded: whoever stops waiting must not take the write back.
                    await asyncio.shield(asyncio.wrap_future(durable))
        self._pump = None

    def _try_out(self, effect: Effect, durable: "Future[Any] | None") -> None:
        try:
            self._carry_out(effect, durable)
        except Exception:  # noqa: BLE001 - one effect that fails must not silence a speaker for good; it is logged
            _log.exception("speaker.effect_failed", device=self._tools.device, effect=type(effect).__name__)

    def _carry_out(self, effect: Effect, durable: "Future[Any] | None") -> None:
        match effect:
            case Sound():
                self._sound(effect, safe=succeeded(durable))
            case Silence(output=output, occurrence=occurrence):
                self._tools.player.silence(output, occurrence)
            case Tune(urls=urls):
                self._tools.player.tune(urls)
            case Publish(topic=topic, payload=payload, stated=stated):
                if not stated or succeeded(durable):
                    self._tools.carriers.publish(topic, payload)
            case Link(up=up):
                self._link(up=up)
            case Log():
                self._note(effect)
            case Fetch() | Forget() | TakeBlock():
                self._bring(effect)

    def _bring(self, effect: Fetch | Forget | TakeBlock) -> None:
        fetcher = self._tools.fetcher
        match effect:
            case Fetch(rendition=rendition, urgency_ms=urgency_ms, bank=bank, emergency=emergency):
                fetcher.want(rendition, urgency_ms, bank=bank, emergency=emergency)
            case Forget(sha256=sha):
                fetcher.drop(sha)
            case TakeBlock(block=block):
                self._tools.blocks.take(block)

    def _sound(self, sound: Sound, *, safe: bool) -> None:
        """Sound it when its mark is durable; an emergency is heard even if flash has failed."""

        def ended(position_ms: int, reason: str) -> None:
            self._feed(events.SoundEnded(sound.output, sound.occurrence, sound.run, position_ms, reason))

        tools = self._tools
        if not safe and not sound.emergency:
            asyncio.get_running_loop().call_soon(ended, sound.position_ms, "flash")
            return
        try:
            tools.player.sound(sound, tools.contents.locate, ended)
        except LoaError as error:
            _log.error("player.failed", device=tools.device, problem=str(error))
            asyncio.get_running_loop().call_soon(ended, sound.position_ms, PLAYER_FAILED)
            return
        if tools.watcher is not None:
            tools.watcher.sounded(tools.device, sound, tools.clock())

    def _link(self, *, up: bool) -> None:
        step = asyncio.get_running_loop().create_task(self._tools.carriers.rest(resting=not up))
        self._link_steps.add(step)
        step.add_done_callback(self._link_steps.discard)

    def _note(self, log: Log) -> None:
        write = _log.warning if log.alarming or log.event == "message_refused" else _log.info
        write(f"speaker.{log.event}", device=self._tools.device, reason=log.reason, detail=log.detail)


def succeeded(durable: "Future[Any] | None") -> bool:
    """Whether everything kept until then is durable."""
    return durable is None or (not durable.cancelled() and durable.exception() is None)
