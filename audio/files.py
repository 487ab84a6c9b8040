"""Sound files in, sound files out, without a database: what the command line does with `audio`."""

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from audio import codec
from audio.ingest import decode_upload
from audio.inspection import figures_of
from audio.limits import AudioLimits
from audio.mastering import SilentError, master
from audio.profiles import PROFILES
from audio.renditions import RENDITIONS, RenditionSpec
from audio.report import Figures, Inspection
from audio.speech import choice
from audio.speech.port import SpeechEngine
from audio.spoken_vi import speak
from audio.tones import TONES, synthesize
from base.errors import NotFound, Refused


async def inspect_file(path: Path, limits: AudioLimits) -> Inspection:
    """What is in a foreign file. Raises Refused with the reason, OSError."""
    with _workplace() as folder:
        return (await _decoded(path, folder, limits)).inspection


async def master_file(path: Path, out: Path, limits: AudioLimits, *, profile: str, quieten: bool = False) -> Figures:
    """Master a foreign file into a 16 kHz WAV file, and measure that. Raises Refused, OSError."""
    if profile not in PROFILES:
        raise Refused("audio.profile_unknown", profile=profile)
    with _workplace() as folder:
        sound = await _decoded(path, folder, limits)
        finished = await asyncio.to_thread(_mastered, sound.pcm, path.name, profile, quieten=quieten)
    await asyncio.to_thread(_write, finished, out, None)
    return await asyncio.to_thread(figures_of, finished)


async def encode_file(path: Path, out: Path, limits: AudioLimits, *, rendition: str) -> None:
    """Encode a foreign file as it is, without mastering. Raises Refused, NotFound, OSError."""
    spec = _spec(rendition)
    with _workplace() as folder:
        sound = await _decoded(path, folder, limits)
        await asyncio.to_thread(_write, sound.pcm, out, spec)


async def say(
    text: str,
    out: Path,
    engines: Mapping[str, SpeechEngine],
    limits: AudioLimits,
    *,
    voice: str,
    speed: float = 1.0,
    rendition: str | None = None,
) -> Figures:
    """Speak a text as an announcement is spoken, and master it. `voice`: its id, or a language for its first voice.

    Writes WAV, or a rendition. Raises Refused, NotFound, Unavailable, OSError.
    """
    spec = None if rendition is None else _spec(rendition)
    choice.check_speed(speed)
    engine, chosen = choice.find_any(engines.values(), voice)
    written = choice.check_text(text)
    said = choice.check_text(speak(written)) if chosen.language == "vi" else written
    with _workplace() as folder:
        spoken = folder / "spoken.wav"
        await engine.speak(said, chosen.id, speed, spoken)
        sound = await _decoded(spoken, folder, limits)
        finished = await asyncio.to_thread(_mastered, sound.pcm, chosen.id, "voice")
    await asyncio.to_thread(_write, finished, out, spec)
    return await asyncio.to_thread(figures_of, finished)


def write_tone(name: str, out: Path) -> None:
    """Write a tone as a speaker makes it, as a WAV file. Raises NotFound, OSError."""
    tone = TONES.get(name)
    if tone is None:
        raise NotFound("audio.tone_unknown", tone=name)
    _write(synthesize(tone.segments, repeat=tone.repeat, gap_ms=tone.gap_ms), out, None)


class _Sound(NamedTuple):
    inspection: Inspection
    pcm: codec.Pcm


async def _decoded(path: Path, folder: Path, limits: AudioLimits) -> _Sound:
    """The samples lie in the folder, and are read from there."""
    raw = folder / "raw"
    verdict = await decode_upload(path, raw, name=path.name, limits=limits)
    return _Sound(verdict.inspection, np.memmap(raw, "<i2", "r"))


def _mastered(pcm: codec.Pcm, name: str, profile: str, *, quieten: bool = False) -> codec.Pcm:
    try:
        return master(pcm, profile=profile, quieten=quieten).pcm
    except SilentError as error:
        raise Refused("audio.silent", name=name) from error


def _spec(rendition: str) -> RenditionSpec:
    found = next((spec for spec in RENDITIONS if spec.codec == rendition), None)
    if found is None:
        known = ", ".join(spec.codec for spec in RENDITIONS)
        raise NotFound("audio.rendition_unknown", rendition=rendition, known=known)
    return found


def _write(pcm: codec.Pcm, out: Path, spec: RenditionSpec | None) -> None:
    """WAV, or a rendition: beside the place it goes to, and there only when it is whole."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with unfinished.open("xb") as file:
            if spec is None:
                codec.write_wav(codec.pieces(pcm), out=file)
            elif spec.media_type == "audio/mpeg":
                codec.encode_mp3(codec.pieces(pcm), bitrate=spec.bitrate, out=file)
            else:
                codec.encode_opus(codec.pieces(pcm), bitrate=spec.bitrate, out=file)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _workplace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="loa-audio-") as folder:
        yield Path(folder)
