"""What the settings say about one speech service on the network: requests, answers, limits."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from audio.speech.port import VOICE_ID_LIMIT

PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""A place to fill in: {text}, {voice}, {speed}, {job}, or the name of a secret."""
_GIVEN = {"text", "voice", "speed"}
_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_Plain = str | int | float | bool | None


def _web_address(url: str) -> str:
    if not re.match(r"https?://[^\s/{}@]+(/|\?|$)|\{job\}$", url):
        raise ValueError("write http:// or https:// and the host in full; {job} may also stand alone")
    return url


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class HttpVoice(_Group):
    """A voice of the service, by the service's own name for it."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    language: str = Field(pattern=r"^[a-z]{2,3}$")
    title: str = Field(min_length=1, max_length=80)


class HttpSpeed(_Group):
    """How the service writes speed: its figures for half, plain and double pace; between them in equal ratios."""

    half: float = 0.5
    plain: float = 1.0
    double: float = 2.0
    decimals: int = Field(default=2, ge=0, le=3)


class HttpRequest(_Group):
    """One request; at most one kind of body, in each of which what is filled in is escaped as that kind needs."""

    url: Annotated[str, AfterValidator(_web_address)]
    method: Literal["GET", "POST", "PUT"] = "POST"
    headers: dict[str, str] = {}
    body: str | None = None
    json_body: Any = Field(default=None, alias="json")
    form: dict[str, str] | None = None
    xml: str | None = None

    def places(self) -> set[str]:
        """The names of all places to fill in."""
        return {name for text in (self.url, *self._texts()) for name in PLACE.findall(text)}

    def _texts(self) -> Iterator[str]:
        yield from self.headers.values()
        yield from (text for text in (self.body, self.xml) if text is not None)
        yield from (self.form or {}).values()
        yield from _strings(self.json_body)

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        if sum(body is not None for body in (self.body, self.json_body, self.form, self.xml)) > 1:
            raise ValueError("give one of body, json, form, xml")
        if any("text" in PLACE.findall(value) for value in self.headers.values()):
            raise ValueError("a header cannot hold {text}")
        kind = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")
        if self.body is not None and re.search("json|xml|urlencoded", kind):
            raise ValueError("write this body under json, form or xml, which escape what is filled in")
        return self


class HttpCondition(_Group):
    """Whether the value at a path of the JSON answer (“result.status”, “items.0.state”) is one of these."""

    path: str = Field(min_length=1)
    values: tuple[_Plain, ...] = Field(min_length=1)


class HttpAnswer(_Group):
    """What the last answer holds: the sound itself, or JSON with the sound in base64, or JSON with its address."""

    kind: Literal["audio", "base64", "url"] = "audio"
    path: str = ""
    success: HttpCondition | None = None
    not_ready: tuple[int, ...] = ()
    """Statuses of the sound's address that mean “not yet”, such as 404."""
    interval_s: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _has_path(self) -> Self:
        if (self.kind == "audio") == bool(self.path):
            raise ValueError("base64 and url need a path, audio has none")
        return self


class HttpPoll(HttpRequest):
    """Asking again until the job is done; `job` is where the first answer holds its id, or its address."""

    method: Literal["GET", "POST", "PUT"] = "GET"
    job: str = Field(min_length=1)
    done: HttpCondition
    failed: HttpCondition | None = None
    interval_s: float = Field(default=1.0, gt=0)


class HttpTemplate(_Group):
    """One speech service."""

    name: _Name
    voices: tuple[HttpVoice, ...] = Field(min_length=1)
    request: HttpRequest
    accepted: HttpCondition | None = None
    """What the first answer must say, where the job is asked after later."""
    poll: HttpPoll | None = None
    answer: HttpAnswer = HttpAnswer()
    speed: HttpSpeed = HttpSpeed()
    secrets: dict[str, _Variable] = {}
    """Place to fill in → name of the environment variable that holds the secret."""
    hosts: tuple[str, ...] = ()
    """Further hosts the service may send us to, such as “*.storage.example”; always allowed: those of the addresses."""
    text_limit: int = Field(default=5000, ge=50)
    """Characters of one request; a longer text goes in parts."""
    limit_s: float = Field(default=120.0, gt=0)
    """For one part, from the request to the last byte of its sound."""
    max_bytes: int = Field(default=64_000_000, gt=0)
    redirects: int = Field(default=3, ge=0, le=10)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        known = _GIVEN | set(self.secrets)
        _check(not set(self.secrets) & (_GIVEN | {"job"}), "a secret cannot be called text, voice, speed or job")
        _check("text" in self.request.places(), "the request holds no {text}")
        _check(self.request.url != "{job}", "the request needs an address of its own")
        _check_places(self.request, known, set(self.secrets))
        if self.poll is not None:
            _check_places(self.poll, known | {"job"}, set(self.secrets))
        _check(len({voice.id for voice in self.voices}) == len(self.voices), "two voices have the same id")
        longest = max(len(self.name) + 1 + len(voice.id) for voice in self.voices)
        _check(
            longest <= VOICE_ID_LIMIT,
            f"the engine's name and a voice's id are longer than {VOICE_ID_LIMIT - 1} together",
        )
        return self


def _check_places(request: HttpRequest, known: set[str], secrets: set[str]) -> None:
    unknown = sorted(request.places() - known)
    _check(not unknown, f"nothing is known to fill in for {unknown}")
    _check(not secrets & set(PLACE.findall(request.url)), "addresses end up in logs: send secrets in a header or body")


def _check(fine: object, otherwise: str) -> None:
    if not fine:
        raise ValueError(otherwise)


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)
