"""A folder of Piper voices: every `NAME.onnx` with its `NAME.onnx.json` is one voice."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio.speech.port import VOICE_ID_LIMIT, Voice

_CONFIG_LIMIT = 1_000_000
"""Bytes; a voice's description has some 5,000."""
_RATES_HZ = range(8_000, 48_001)
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class VoiceDamaged(ValueError):
    """The description of a voice cannot be read or leaves out what is needed, or its name is too long to be kept."""


@dataclass(frozen=True, slots=True)
class PiperVoiceFile:
    """One voice as its description gives it."""

    voice: Voice
    model: Path
    stamp: str
    """Changes whenever the model's or the description's contents may have changed."""


def voice_id(model: Path) -> str:
    """The id of the voice a model file holds."""
    return f"piper.{model.stem}"


def models(folder: Path) -> list[Path]:
    """The model files there, by name; none when the folder is missing or may not be read."""
    try:
        return sorted(path for path in folder.glob("*.onnx") if path.is_file())
    except OSError:
        return []


def describe(model: Path) -> PiperVoiceFile:
    """Read the description beside a model; a voice of many speakers is its default one. Raises VoiceDamaged."""
    try:
        size, changed_ns = model.stat().st_size, model.stat().st_mtime_ns
        with Path(f"{model}.json").open("rb") as file:
            raw = file.read(_CONFIG_LIMIT)
        config: Any = json.loads(raw)
        voice = _voice(model, config)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VoiceDamaged(model.name) from error
    return PiperVoiceFile(voice, model, f"{size}-{changed_ns}-{hashlib.sha256(raw).hexdigest()[:16]}")


def _voice(model: Path, config: dict[str, Any]) -> Voice:
    rate_hz = config["audio"]["sample_rate"]
    language = config.get("language", {}).get("family") or re.split("[-_]", config["espeak"]["voice"])[0]
    if rate_hz not in _RATES_HZ or not _LANGUAGE.fullmatch(language) or len(voice_id(model)) > VOICE_ID_LIMIT:
        raise VoiceDamaged(model.name)
    tongue = config.get("language", {}).get("name_native") or language
    name = config.get("dataset") or model.stem
    quality = config["audio"].get("quality")
    title = f"{tongue}, {name} ({quality})" if quality else f"{tongue}, {name}"
    return Voice(voice_id(model), language, title, int(rate_hz))
