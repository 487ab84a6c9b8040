"""One request to a speech service, bound in size, redirects and hosts; what it answered, fit to be shown."""

import fnmatch
import re
from collections.abc import Collection
from dataclasses import dataclass

import httpx

from audio.speech.http_filling import Filled
from base.errors import Unavailable

CONNECT_S = 10.0
_SHOWN = 200
"""Characters of an answer that are shown to people."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer."""

    status: int
    kind: str
    """Media type, lower case, without parameters."""
    content: bytes

    def shown(self, secrets: Collection[str]) -> str:
        """Status, media type and the beginning of a textual answer, with every secret blotted out."""
        facts = f"HTTP {self.status} {self.kind}".strip()
        if not (self.kind.startswith("text/") or re.search("json|xml", self.kind)):
            return f"{facts}, {len(self.content)} B"
        text = " ".join(self.content[: 20 * _SHOWN].decode(errors="replace").split())
        for secret in secrets:
            text = text.replace(secret, "…")
        return f"{facts}: {''.join(filter(str.isprintable, text))[:_SHOWN]}"


class Fetcher:
    """Sends requests for one engine, and follows redirects, to allowed hosts only."""

    def __init__(
        self, client: httpx.AsyncClient, *, engine: str, hosts: Collection[str], max_bytes: int, redirects: int
    ) -> None:
        self._client = client
        self._engine = engine
        self._hosts = hosts
        self._max_bytes = max_bytes
        self._redirects = redirects

    async def fetch(self, filled: Filled) -> Answered:
        """The answer, of whatever status. Raises Unavailable (audio.engine_unreachable, audio.engine_strayed, …)."""
        try:
            url = httpx.URL(filled.url)
            self._check(url)  # before a request is built, which would make an address without a host one of its own
            request = self._client.build_request(
                filled.method,
                url,
                headers=filled.headers | {"Accept-Encoding": "identity"},
                content=filled.content or None,
            )
            return await self._follow(request)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # The class says what happened; the message may hold an address.
            raise Unavailable("audio.engine_unreachable", engine=self._engine, problem=type(error).__name__) from error

    async def _follow(self, request: httpx.Request) -> Answered:
        for _ in range(self._redirects + 1):
            self._check(request.url)
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                if response.next_request is None:
                    return await self._whole(response)
                request = self._redirected(request, response.next_request)
            finally:
                await response.aclose()
        raise Unavailable("audio.speech_failed", engine=self._engine, answer=f"> {self._redirects} redirects")

    def _redirected(self, last: httpx.Request, following: httpx.Request) -> httpx.Request:
        """The next request; our headers and body go to no other origin than the first."""
        if _origin(following.url) == _origin(last.url):
            return following
        self._check(following.url)
        if following.method != "GET":
            raise self._strayed(following.url)
        return self._client.build_request("GET", following.url, headers={"Accept-Encoding": "identity"})

    def _check(self, url: httpx.URL) -> None:
        if url.scheme not in {"http", "https"} or url.userinfo:
            raise self._strayed(url)
        if not any(fnmatch.fnmatchcase(url.host, pattern.lower()) for pattern in self._hosts):
            raise self._strayed(url)

    def _strayed(self, url: httpx.URL) -> Unavailable:
        return Unavailable("audio.engine_strayed", engine=self._engine, address=f"{url.scheme}://{url.host}"[:_SHOWN])

    async def _whole(self, response: httpx.Response) -> Answered:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._max_bytes:
                raise Unavailable("audio.speech_failed", engine=self._engine, answer=f"> {self._max_bytes} B")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Answered(response.status_code, kind[:_SHOWN], bytes(content))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
