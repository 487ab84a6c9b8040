"""The process that speaks with Piper (GPL, loaded here and nowhere else): JSON request in, WAV file out.

Request on standard input: {"text", "model", "length", "out", "memory_mb", "cpu_s"}; `length` 1 is the voice's own pace
and 2 half of it. Answer on standard output: {"ok": true} or {"ok": false, "step", "reason"}, where the step is
"runtime" (Piper is not installed), "voice" (its files are damaged or of a kind we do not run) or "speech".
"""

import json
import os
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio.limits import limit_this_process
from audio.progress import say
from audio.speech.parts import split_text

if TYPE_CHECKING:
    from piper import PiperVoice

_PART_LIMIT = 200
"""Characters spoken in one go: memory grows faster than a sentence does, and one of 1,000 characters took 1.5 GB."""
_PAUSE_MS = 400
"""Between sentences; Piper leaves none, and outdoors the echo of one would run into the next."""
_SEED = 1
"""Piper draws its small variations at random; a fixed seed makes the same text sound the same."""
_NICENESS = 10
"""It may keep every core busy for a minute, and an emergency must not wait for that."""
_REASON_LIMIT = 200


class StepFailed(Exception):
    """Something went wrong at the step the first argument names."""


def speak(text: str, model: Path, length: float, out: Path) -> None:
    """Write the spoken text as a 16-bit mono WAV file. Raises StepFailed."""
    voice = _load(model)
    with wave.open(str(out), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(voice.config.sample_rate)
        try:
            for sentence in _sentences(voice, text, length * voice.config.length_scale):
                writer.writeframesraw(sentence)
        except Exception as error:  # whatever the runtime raises over a voice that cannot speak
            raise StepFailed("speech", error) from error


def _load(model: Path) -> "PiperVoice":
    try:
        import onnxruntime
        import piper
    except ImportError as error:
        raise StepFailed("runtime", error) from error
    _forbid_network()
    onnxruntime.set_seed(_SEED)
    # Piper's eSpeak NG cuts data paths at 160 characters, which a deep installation exceeds: go there and say ".".
    os.chdir(Path(piper.__file__).parent)
    try:
        voice = piper.PiperVoice.load(model, espeak_data_dir=".")
    except Exception as error:  # whatever the runtime raises over a foreign file
        raise StepFailed("voice", error) from error
    if voice.config.phoneme_type.value not in {"espeak", "text"}:  # the others download dictionaries
        raise StepFailed("voice", voice.config.phoneme_type.value)
    return voice


def _sentences(voice: "PiperVoice", text: str, length: float) -> Any:
    """Samples of each sentence and of the pause after it."""
    from piper import SynthesisConfig

    how = SynthesisConfig(length_scale=length)
    pause = bytes(voice.config.sample_rate * _PAUSE_MS // 1000 * 2)
    # Double brackets would make Piper read what is inside as phonemes: text stays text.
    plain = text.replace("[", " ").replace("]", " ")
    for part in split_text(plain, _PART_LIMIT):
        for chunk in voice.synthesize(part, how):
            yield chunk.audio_int16_bytes
            yield pause


def _forbid_network() -> None:
    """Make every look-up and connection of this process fail: a voice is files and nothing else."""

    def guard(event: str, arguments: object) -> None:
        del arguments
        if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
            raise PermissionError(event)

    sys.addaudithook(guard)


def main() -> int:
    """Serve one request."""
    request = json.load(sys.stdin)
    os.nice(_NICENESS)
    limit_this_process(memory_mb=request["memory_mb"], cpu_s=request["cpu_s"], file_mb=1024)
    try:
        speak(request["text"], Path(request["model"]), request["length"], Path(request["out"]))
    except (StepFailed, OSError) as error:
        step = error.args[0] if isinstance(error, StepFailed) else "speech"
        answer = {"ok": False, "step": step, "reason": str(error.args[-1])[:_REASON_LIMIT]}
        say(answer)
        return 1
    say({"ok": True})
    return 0


if __name__ == "__main__":
    sys.exit(main())
