"""The limited process that touches a live stream: an address in, raw 16 kHz mono samples out, again and again.

What comes over plain HTTP is nobody's signed word. Whatever it does to a decoder happens here, and the speaker lives.
Standard input is only held open by the speaker: at its end this process ends too, also when the speaker was killed.
"""

import os
import resource
import sys
import threading
import time
from typing import BinaryIO, cast

from firmware_sim.live_http import LiveBytes, open_stream

MEMORY_BYTES = 1 << 30
"""Of addresses, most of it libraries that are mapped; some 60 MB of it are used."""
BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between two attempts; the last goes on."""
SETTLED_S = 10.0
"""After a connection that lasted so long the next attempt comes soon again."""
NO_SOUND_S = 20.0
"""A stream whose bytes give no sound for so long is given up, and asked for again."""
NO_SOUND_BYTES = 2 << 20
"""So is one of so many bytes without sound: a picture in its head is smaller, and a village pays for its link."""


def main() -> None:
    """Serve the address named in the arguments, until nobody listens."""
    threading.Thread(target=_end_with_the_speaker, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    url, said, failures = sys.argv[1], "", 0
    while True:
        began_s = time.monotonic()
        try:
            problem = _pass_on(url)
        except (OSError, ValueError, MemoryError) as error:
            problem = str(error) or type(error).__name__
        if problem != said:
            sys.stderr.write(f"live stream {url}: {problem}\n")
            said = problem
        failures = 0 if time.monotonic() - began_s > SETTLED_S else failures + 1
        time.sleep(BACKOFF_S[min(failures, len(BACKOFF_S)) - 1] if failures else BACKOFF_S[0])


def _pass_on(url: str) -> str:
    """Decode what comes until it ends; in words why that was."""
    from audio.codec import CodecError, decode_live  # only now: the limits must hold when FFmpeg is loaded

    with open_stream(url) as live:
        watched = Watched(live)
        try:
            for chunk in decode_live(cast("BinaryIO", watched)):
                _write(chunk.astype("<i2").tobytes())
                watched.sounded()
        except CodecError as error:
            return str(error)
    return "it ended"


class Watched:
    """Bytes of a stream, as long as they give sound now and then."""

    def __init__(self, live: LiveBytes) -> None:
        self._live = live
        self.sounded()

    def sounded(self) -> None:
        """What was read until now gave sound."""
        self._since_s, self._bytes = time.monotonic(), 0

    def read(self, size: int = -1) -> bytes:
        """Raises OSError."""
        if self._bytes > NO_SOUND_BYTES or time.monotonic() - self._since_s > NO_SOUND_S:
            raise OSError("bytes without sound")
        data = self._live.read(size)
        self._bytes += len(data)
        return data


def _write(samples: bytes) -> None:
    try:
        sys.stdout.buffer.write(samples)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(0)


def _end_with_the_speaker() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
