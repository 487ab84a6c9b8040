"""One part of a text at a speech service: submit, ask until it is done, take the sound out of the answer."""

import asyncio
import base64
import binascii
import json
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from audio.speech.http_fetch import Answered, Fetcher
from audio.speech.http_filling import Filled, NothingThere, fill, find_text, holds
from audio.speech.http_template import HttpCondition, HttpPoll, HttpTemplate
from base.errors import Unavailable


class Call:
    """The exchange about one part; whoever awaits it sets the deadline."""

    def __init__(
        self,
        template: HttpTemplate,
        fetcher: Fetcher,
        values: Mapping[str, str | int | float],
        secrets: Collection[str],
    ) -> None:
        self._template = template
        self._fetcher = fetcher
        self._values = values
        self._secrets = secrets

    async def sound(self) -> bytes:
        """The bytes of a sound file, not yet looked into. Raises Unavailable with what the service answered."""
        answered = await self._fetcher.fetch(fill(self._template.request, self._values))
        self._check(answered, self._template.accepted)
        if self._template.poll is not None:
            answered = await self._done(self._template.poll, answered)
        self._check(answered, self._template.answer.success)
        if self._template.answer.kind == "audio":
            return self._audio(answered)
        found = self._found(answered, self._template.answer.path)
        if self._template.answer.kind == "url":
            return self._audio(await self._ready(found))
        try:
            return base64.b64decode(found.partition("base64,")[2] or found, validate=True)
        except binascii.Error:
            self._fail(answered)

    async def _done(self, poll: HttpPoll, submitted: Answered) -> Answered:
        """The first answer that says the job is done."""
        values = dict(self._values) | {"job": self._found(submitted, poll.job)}
        while True:
            answered = await self._fetcher.fetch(fill(poll, values))
            document = self._document(answered)
            if poll.failed is not None and holds(document, poll.failed):
                self._fail(answered)
            if holds(document, poll.done):
                return answered
            await asyncio.sleep(poll.interval_s)

    async def _ready(self, url: str) -> Answered:
        """What lies at the sound's address, once it does; none of our headers or secrets go there."""
        while True:
            answered = await self._fetcher.fetch(Filled("GET", url, {}, b""))
            if answered.status not in self._template.answer.not_ready:
                return answered
            await asyncio.sleep(self._template.answer.interval_s)

    def _check(self, answered: Answered, condition: HttpCondition | None) -> None:
        """Fail unless the status is one of success and the condition holds."""
        if not 200 <= answered.status < 300:
            self._fail(answered)
        if condition is not None and not holds(self._document(answered), condition):
            self._fail(answered)

    def _audio(self, answered: Answered) -> bytes:
        """The answer's bytes, unless they say themselves that they are no sound."""
        textual = answered.kind.startswith("text/") or answered.kind in {"application/json", "application/xml"}
        if textual or not answered.content:
            self._fail(answered)
        self._check(answered, None)
        return answered.content

    def _document(self, answered: Answered) -> Any:
        if not 200 <= answered.status < 300:
            self._fail(answered)
        try:
            return json.loads(answered.content)
        except (ValueError, RecursionError):
            self._fail(answered)

    def _found(self, answered: Answered, path: str) -> str:
        try:
            return find_text(self._document(answered), path)
        except NothingThere:
            self._fail(answered)

    def _fail(self, answered: Answered) -> NoReturn:
        raise Unavailable("audio.speech_failed", engine=self._template.name, answer=answered.shown(self._secrets))
