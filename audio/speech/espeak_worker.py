"""The process that speaks with eSpeak NG (GPL, loaded here and nowhere else): JSON request in, WAV file out.

Request on standard input: {"text", "voice", "words_per_minute", "out"}. Answer on standard output: {"ok": true} or
{"ok": false, "reason"}.
"""

import ctypes
import json
import os
import sys
import wave
from pathlib import Path
from typing import Any

import espeakng_loader

from audio.limits import limit_this_process
from audio.progress import say

_RETRIEVAL = 1
"""AUDIO_OUTPUT_RETRIEVAL: samples come to the callback, no sound card is touched."""
_UTF8 = 1
"""espeakCHARS_UTF8, and nothing more: no SSML, no phoneme input, so that text stays text."""
_PARAMETER_RATE = 1
_BUFFER_MS = 500

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class SpeechFailed(Exception):
    """eSpeak NG refused; the message says at which step."""


def speak(text: str, voice: str, words_per_minute: int, out: Path) -> None:
    """Write the spoken text as a 16-bit mono WAV file. Raises SpeechFailed."""
    library, rate_hz = _load()
    with wave.open(str(out), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)

        def take(samples: Any, count: int, events: Any) -> int:
            del events
            if samples and count > 0:
                writer.writeframesraw(ctypes.string_at(samples, count * 2))
            return 0

        callback = _Callback(take)
        library.espeak_SetSynthCallback(callback)
        _check(library.espeak_SetVoiceByName(voice.encode()), "voice")
        _check(library.espeak_SetParameter(_PARAMETER_RATE, words_per_minute, 0), "rate")
        raw = text.encode() + b"\0"
        _check(library.espeak_Synth(raw, ctypes.c_size_t(len(raw)), 0, 0, 0, _UTF8, None, None), "synthesis")
        _check(library.espeak_Synchronize(), "synchronize")


def _load() -> tuple[ctypes.CDLL, int]:
    """The library, ready, and its sample rate in hertz."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    # eSpeak NG cuts data paths at 160 characters, which a deep installation exceeds: go there and say ".".
    os.chdir(Path(espeakng_loader.get_data_path()).parent)
    rate_hz: int = library.espeak_Initialize(_RETRIEVAL, _BUFFER_MS, b".", 0)
    if rate_hz <= 0:
        raise SpeechFailed("initialize")
    return library, rate_hz


def _check(status: int, step: str) -> None:
    if status != 0:
        raise SpeechFailed(f"{step}: {status}")


def main() -> int:
    """Serve one request."""
    limit_this_process(memory_mb=512, cpu_s=60, file_mb=512)
    request = json.load(sys.stdin)
    try:
        speak(request["text"], request["voice"], request["words_per_minute"], Path(request["out"]))
    except (SpeechFailed, OSError) as error:
        say({"ok": False, "reason": str(error)})
        return 1
    say({"ok": True})
    return 0


if __name__ == "__main__":
    sys.exit(main())
