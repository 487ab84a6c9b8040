"""Which speech engines there are, and in which order: built once from the settings."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audio.limits import AudioLimits
from audio.speech.cache import SpeechCache
from audio.speech.cached import CachedEngine
from audio.speech.espeak import Espeak
from audio.speech.http import HttpEngine
from audio.speech.http_template import HttpTemplate
from audio.speech.piper import Piper
from audio.speech.port import SpeechEngine
from base.errors import Refused

UNSPOKEN = ("hmn", "tyz", "nut", "ium", "blt", "twh")
"""Hmong, Tày, Nùng, Dao, Black and White Thái, by the codes the pages use: people record them, no engine has them."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """What the settings say about speech."""

    piper_folder: Path | None = None
    """Where Piper's voices lie; None: no Piper."""
    http: tuple[HttpTemplate, ...] = ()
    first: tuple[str, ...] = ()
    """Names of engines that come before eSpeak; who comes first speaks a language when no voice is chosen."""
    cache_folder: Path | None = None
    """None: nothing is kept."""
    cache_bytes: int = 1_000_000_000
    """For all engines together: some six hours of eSpeak."""


def build_engines(settings: SpeechSettings, limits: AudioLimits | None = None) -> dict[str, SpeechEngine]:
    """Engines by name, the preferred first. Raises Refused for a name that is missing or there twice."""
    engines: list[SpeechEngine] = [Espeak()]
    if settings.piper_folder is not None:
        engines.append(Piper(settings.piper_folder))
    engines.extend(HttpEngine(template, limits) for template in settings.http)
    names = [engine.name for engine in engines]
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise Refused("audio.engine_twice", engine=twice)
    unknown = next((name for name in settings.first if name not in names), None)
    if unknown is not None:
        raise Refused("audio.engine_unknown", engine=unknown, known=", ".join(names))
    order = dict.fromkeys((*settings.first, *names))
    built = {engine.name: engine for engine in _remembering(engines, settings)}
    return {name: built[name] for name in order}


def _remembering(engines: list[SpeechEngine], settings: SpeechSettings) -> list[SpeechEngine]:
    if settings.cache_folder is None:
        return engines
    cache = SpeechCache(settings.cache_folder, settings.cache_bytes)
    return [CachedEngine(engine, cache) for engine in engines]


def unspoken(engines: Iterable[SpeechEngine]) -> set[str]:
    """The languages of the villages that people must record, because no engine has a voice for them now."""
    return set(UNSPOKEN) - {voice.language for engine in engines for voice in engine.voices()}
