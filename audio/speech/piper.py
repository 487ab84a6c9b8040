"""Piper behind the speech port: voices dropped into a folder, each text spoken in a process of its own."""

import logging
from importlib import metadata
from pathlib import Path

from audio.speech.piper_voices import PiperVoiceFile, VoiceDamaged, describe, models, voice_id
from audio.speech.port import Voice
from audio.speech.subprocess_speaker import run_speaker
from base.errors import Unavailable

PACKAGE = "piper-tts"
"""The runtime, which is GPL and optional: Loa's extra `piper` installs it."""
_CALM_LENGTH = 1.25
"""Piper's voices read as in conversation, some 190 English words a minute; this makes it 150, like eSpeak's."""
_MEMORY_MB = 1536
"""Measured: a “medium” voice and a text of 20,000 characters without a full stop fit into 1,100 MB."""
_log = logging.getLogger(__name__)


class Piper:
    """Neural voices with no network: whatever lies in the folder now, looked up again at each call."""

    name = "piper"

    def __init__(self, folder: Path, timeout_s: float = 600.0) -> None:
        self._folder = folder
        self._timeout_s = timeout_s
        self._reported: set[Path] = set()

    def voices(self) -> list[Voice]:
        """The folder's voices by file name; one whose description is damaged is left out and logged once."""
        return [each.voice for model in models(self._folder) if (each := self._described(model)) is not None]

    def version(self, voice_id: str) -> str:
        """The runtime's version, the voice's files, our pace."""
        try:
            runtime = metadata.version(PACKAGE)
        except metadata.PackageNotFoundError:
            runtime = "none"
        return f"{runtime}/{self._find(voice_id).stamp}/{_CALM_LENGTH}"

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        """Write a WAV file at the voice's own rate; the same text gives the same sound.

        Raises Unavailable: audio.voice_file_wrong, audio.engine_missing, audio.speech_failed, audio.speech_timeout.
        """
        found = self._find(voice_id)
        request = {
            "text": text,
            "model": found.model,
            "length": _CALM_LENGTH / speed,
            "out": out,
            "memory_mb": _MEMORY_MB,
            "cpu_s": round(self._timeout_s),
        }
        answer = await run_speaker(self.name, "audio.speech.piper_worker", request, timeout_s=self._timeout_s)
        if answer["ok"]:
            return
        if answer["step"] == "runtime":
            raise Unavailable("audio.engine_missing", engine=self.name, package=PACKAGE)
        if answer["step"] == "voice":
            raise Unavailable("audio.voice_file_wrong", engine=self.name, file=found.model.name)
        raise Unavailable("audio.speech_failed", engine=self.name, answer=str(answer["reason"]))

    def _find(self, wanted: str) -> PiperVoiceFile:
        for model in models(self._folder):
            if voice_id(model) == wanted:
                try:
                    return describe(model)
                except VoiceDamaged as error:
                    raise Unavailable("audio.voice_file_wrong", engine=self.name, file=model.name) from error
        raise Unavailable("audio.voice_file_wrong", engine=self.name, file=f"{wanted.removeprefix('piper.')}.onnx")

    def _described(self, model: Path) -> PiperVoiceFile | None:
        try:
            return describe(model)
        except VoiceDamaged:
            if model not in self._reported:
                self._reported.add(model)
                _log.warning(
                    "the Piper voice %s cannot be offered: its name is too long or %s.json is wrong",
                    model.name,
                    model.name,
                )
            return None
