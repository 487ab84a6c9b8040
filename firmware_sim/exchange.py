"""A device's second carrier: the messages it would publish by MQTT go by HTTP, and the answer is a down frame."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import httpx
import structlog

from devices.wire import topics
from devices.wire.down import MAX_FRAME_BYTES, Frame
from devices.wire.envelope import Kind
from devices.wire.errors import BadMessage
from devices.wire.up import MAX_MESSAGES, MAX_UP_BYTES, UpFrame
from firmware_sim import events

TIMEOUT = httpx.Timeout(30.0, connect=10.0, pool=None)
ANSWER_S = 300.0
"""An answer that has not come to its end by then is given up: 64 KiB at under 2 kbit/s."""
FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 30.0
GATHER_S = 0.2
"""What is to be told within this goes together."""
MAX_OUTBOX = 256
FLASH_PATIENCE_S = 10.0
SETTLE_S = 10.0
"""So long at most what is to be told is waited for before the link is taken down."""
_KINDS = {
    topics.Up.HELLO.value: Kind.HELLO,
    topics.Up.HEARTBEAT.value: Kind.HEARTBEAT,
    topics.Up.RECEIPT.value: Kind.RECEIPT,
    topics.Up.WANT.value: Kind.WANT,
}
_FRAME_ROOM = MAX_UP_BYTES - 1_024
_log = structlog.get_logger(__name__)


class ExchangeLink:
    """Talks for ever while `run` runs. `bases`: addresses in force, each tried in turn; `period_s`: between talks."""

    def __init__(
        self,
        device: str,
        *,
        client: httpx.AsyncClient,
        bases: Callable[[], Sequence[str]],
        feed: Callable[[events.Event], None],
        period_s: Callable[[], float],
        jitter: Callable[[], float],
    ) -> None:
        self._device, self._client, self._bases = device, client, bases
        self._feed, self._period_s, self._jitter = feed, period_s, jitter
        self._outbox: list[tuple[Kind, bytes]] = []
        self._told, self._handed = asyncio.Event(), asyncio.Event()
        self._up = self._asking = False
        self._tries = 0
        self.connected = False
        """Whether the server answered the last time."""

    def publish(self, topic: str, payload: bytes) -> bool:
        """Have a message go with the next request; False when there is nobody to talk to."""
        kind = _KINDS.get(topic.rpartition("/")[2])
        if not self._up or kind is None:
            return False
        if kind is Kind.HEARTBEAT:
            self._outbox = [message for message in self._outbox if message[0] is not Kind.HEARTBEAT]
        if (kind, payload) not in self._outbox:
            self._outbox = [*self._outbox, (kind, payload)][-MAX_OUTBOX:]
        self._told.set()
        return True

    async def run(self) -> None:
        """Talk, and after a failure talk again after a growing pause, until cancelled."""
        pause_s = FIRST_PAUSE_S
        try:
            while True:
                self._open()
                try:
                    await self._talk()
                except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError, BadMessage) as error:
                    # ValueError: a host name that is none, as IDNA has it.
                    _log.debug("exchange.failed", device=self._device, problem=str(error) or repr(error))
                pause_s = FIRST_PAUSE_S if self.connected else pause_s
                self._close()
                self._feed(events.LinkDown())
                self._tries += 1
                await asyncio.sleep(pause_s * (0.5 + self._jitter()))
                pause_s = min(MAX_PAUSE_S, pause_s * 2)
        finally:
            self._close()

    async def settle(self) -> None:
        """Until what is to be told has been handed over: a planned silence is announced by the last heartbeat.

        Also before the first answer; `SETTLE_S` at most: a server that hangs keeps the radio on so long.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while self._up and (self._outbox or self._asking):
                    self._handed.clear()
                    await self._handed.wait()

    def _open(self) -> None:
        """The machine believes in the link, and so says hello."""
        self._up = True
        self._feed(events.LinkUp())

    def _close(self) -> None:
        self._up = self.connected = self._asking = False
        self._outbox.clear()
        self._handed.set()

    async def _talk(self) -> None:
        """Until a request fails."""
        while True:
            await self._have_heartbeat()
            request = self._next()
            self._told.clear()
            self._asking = True
            async with asyncio.timeout(ANSWER_S):
                answer = await self._ask(request)
            self.connected, self._asking = True, False
            self._handed.set()
            self._feed(events.FrameReceived(answer))
            await self._rest(Frame.from_bytes(answer))

    async def _have_heartbeat(self) -> None:
        """Every request has one; it comes when flash has kept what was before it."""
        if not self._has_heartbeat():
            self._feed(events.BeatAsked())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLASH_PATIENCE_S):
                while not self._has_heartbeat():
                    self._told.clear()
                    await self._told.wait()

    def _has_heartbeat(self) -> bool:
        return any(kind is Kind.HEARTBEAT for kind, _ in self._outbox)

    async def _rest(self, answer: Frame) -> None:
        """Till there is something to tell, or the period is over; not at all after an answer that brought something."""
        if answer.orders or answer.blocks or self._outbox:
            await asyncio.sleep(GATHER_S)
            return
        try:
            async with asyncio.timeout(self._period_s() * (0.95 + 0.1 * self._jitter())):
                await self._told.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)

    def _next(self) -> UpFrame:
        """What fits into one request, in order."""
        used, taken = 0, 0
        for _, payload in self._outbox[:MAX_MESSAGES]:
            used += len(payload) + 24
            if used > _FRAME_ROOM:
                break
            taken += 1
        frame = UpFrame(tuple(self._outbox[:taken]))
        del self._outbox[:taken]
        return frame

    async def _ask(self, frame: UpFrame) -> bytes:
        """One request. Raises httpx.HTTPError, httpx.InvalidURL, BadMessage("too_large")."""
        bases = self._bases()
        if not bases:
            raise httpx.InvalidURL("no exchange address")
        url = f"{bases[self._tries % len(bases)].rstrip('/')}/{self._device}"
        headers = {"Content-Type": "application/cbor", "Accept-Encoding": "identity"}
        body = frame.to_bytes()
        async with self._client.stream("POST", url, content=body, headers=headers, timeout=TIMEOUT) as answer:
            answer.raise_for_status()
            if answer.status_code != httpx.codes.OK:
                raise httpx.HTTPStatusError("not an answer", request=answer.request, response=answer)
            data = bytearray()
            async for chunk in answer.aiter_raw():
                data += chunk
                if len(data) > MAX_FRAME_BYTES:
                    raise BadMessage("too_large", "down")
        return bytes(data)
