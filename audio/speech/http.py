"""Speech services on the network behind the speech port: any whose requests and answers a template can describe."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx

from audio.ingest import RATE_HZ, decode_upload
from audio.limits import AudioLimits
from audio.speech.http_call import Call
from audio.speech.http_fetch import CONNECT_S, Fetcher
from audio.speech.http_filling import service_speed
from audio.speech.http_template import HttpTemplate
from audio.speech.parts import split_text
from audio.speech.port import Voice
from audio.speech.wav import write_wav
from base.errors import Refused, Unavailable


class HttpEngine:
    """Sends the text to the service, part by part; what comes back is decoded in the limited process."""

    def __init__(
        self, template: HttpTemplate, limits: AudioLimits | None = None, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._template = template
        self._limits = limits or AudioLimits()
        self._environment = environment

    @property
    def name(self) -> str:
        """As the settings call the service."""
        return self._template.name

    def voices(self) -> list[Voice]:
        """The settings' voices, in their order."""
        return [Voice(self._voice_id(each.id), each.language, each.title, RATE_HZ) for each in self._template.voices]

    def version(self, voice_id: str) -> str:
        """A hash of the template, which names no secret; what the service changes by itself nobody can know."""
        del voice_id
        return hashlib.sha256(self._template.model_dump_json().encode()).hexdigest()[:16]

    async def speak(self, text: str, voice_id: str, speed: float, out: Path) -> None:
        """Write a 16 kHz WAV file.

        Raises Unavailable: audio.engine_secret_missing, audio.engine_unreachable, audio.engine_strayed,
        audio.speech_timeout, or audio.speech_failed with what the service answered.
        """
        secrets = self._secrets()
        values = secrets | {"voice": self._service_voice(voice_id)}
        pace = {"speed": service_speed(speed, self._template.speed)}
        with tempfile.TemporaryDirectory(dir=out.parent, prefix="unfinished-") as folder:
            raws = []
            async with httpx.AsyncClient(timeout=self._timeouts(), trust_env=False) as client:
                fetcher = self._fetcher(client)
                for number, part in enumerate(split_text(text, self._template.text_limit)):
                    call = Call(self._template, fetcher, values | pace | {"text": part}, list(secrets.values()))
                    raws.append(await self._decoded(await self._in_time(call), Path(folder) / f"{number}"))
            await asyncio.to_thread(write_wav, raws, out, RATE_HZ)

    async def _in_time(self, call: Call) -> bytes:
        limit_s = self._template.limit_s
        try:
            async with asyncio.timeout(limit_s):
                return await call.sound()
        except TimeoutError as error:
            raise Unavailable("audio.speech_timeout", engine=self.name, limit_s=limit_s) from error

    async def _decoded(self, content: bytes, file: Path) -> Path:
        """Raw 16 kHz samples of a foreign sound file."""
        raw = file.with_suffix(".raw")
        await asyncio.to_thread(file.write_bytes, content)
        try:
            await decode_upload(file, raw, name=self.name, limits=self._limits)
        except Refused as refusal:
            raise Unavailable(
                "audio.speech_failed", engine=self.name, answer=f"{refusal.code}, {len(content)} B"
            ) from refusal
        await asyncio.to_thread(file.unlink)
        return raw

    def _fetcher(self, client: httpx.AsyncClient) -> Fetcher:
        addresses = [self._template.request.url] + ([self._template.poll.url] if self._template.poll else [])
        own = [httpx.URL(address).host for address in addresses if address != "{job}"]
        return Fetcher(
            client,
            engine=self.name,
            hosts=(*own, *self._template.hosts),
            max_bytes=self._template.max_bytes,
            redirects=self._template.redirects,
        )

    def _timeouts(self) -> httpx.Timeout:
        # Of the rest the deadline of the whole exchange takes care.
        return httpx.Timeout(None, connect=min(CONNECT_S, self._template.limit_s))

    def _secrets(self) -> dict[str, str]:
        found = {}
        for place, variable in self._template.secrets.items():
            found[place] = self._environment.get(variable, "").strip()  # a file's last line end is no part of a key
            if not found[place]:
                raise Unavailable("audio.engine_secret_missing", engine=self.name, variable=variable)
        return found

    def _voice_id(self, service_id: str) -> str:
        return f"{self.name}.{service_id}"

    def _service_voice(self, voice_id: str) -> str:
        for each in self._template.voices:
            if self._voice_id(each.id) == voice_id:
                return each.id
        raise Unavailable("audio.speech_failed", engine=self.name, answer=voice_id)
