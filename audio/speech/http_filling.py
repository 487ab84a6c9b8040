"""Filling a template's places and finding values in JSON answers (pure)."""

import html
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from audio.speech.http_template import PLACE, HttpCondition, HttpRequest, HttpSpeed

Values = Mapping[str, str | int | float]
_PLAIN_TEXT = "text/plain; charset=utf-8"


class NothingThere(LookupError):
    """The JSON answer has no such path, or not of the kind expected there."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A request ready to be sent."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes


def fill(request: HttpRequest, values: Values) -> Filled:
    """The request with every place filled in, escaped as its surroundings need."""
    kind, content = _body(request, values)
    headers = {name: _fill(value, values, str) for name, value in request.headers.items()}
    if kind and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = kind
    # An address that is the service's own answer is taken as it stands.
    escape = str if PLACE.fullmatch(request.url) else _quoted
    return Filled(request.method, _fill(request.url, values, escape), headers, content)


def service_speed(speed: float, scale: HttpSpeed) -> int | float:
    """Our pace (1.0 is plain) in the service's figures, which end at those for half and for double."""
    octaves = max(-1.0, min(1.0, math.log2(speed)))
    further = scale.double if octaves > 0 else scale.half
    if scale.half > 0 and scale.plain > 0 and scale.double > 0:
        figure = scale.plain * math.pow(further / scale.plain, abs(octaves))
    else:
        figure = scale.plain + (further - scale.plain) * abs(octaves)
    return round(figure, scale.decimals) if scale.decimals else round(figure)


def find(document: Any, path: str) -> Any:
    """The value at “a.0.b”. Raises NothingThere."""
    for step in path.split("."):
        try:
            document = document[int(step)] if isinstance(document, list) else document[step]
        except (LookupError, TypeError, ValueError) as error:
            raise NothingThere(path) from error
    return document


def find_text(document: Any, path: str) -> str:
    """The text or number at a path, as text. Raises NothingThere."""
    found = find(document, path)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise NothingThere(path)
    return str(found)


def holds(document: Any, condition: HttpCondition) -> bool:
    """Whether the value at the condition's path is one of its values."""
    try:
        return find(document, condition.path) in condition.values
    except NothingThere:
        return False


def _body(request: HttpRequest, values: Values) -> tuple[str, bytes]:
    """Content type and bytes."""
    if request.json_body is not None:
        return "application/json", json.dumps(_fill_json(request.json_body, values), ensure_ascii=False).encode()
    if request.form is not None:
        fields = {name: _fill(value, values, str) for name, value in request.form.items()}
        return "application/x-www-form-urlencoded", urlencode(fields).encode()
    if request.xml is not None:
        return "application/ssml+xml", _fill(request.xml, values, html.escape).encode()
    if request.body is not None:
        return _PLAIN_TEXT, _fill(request.body, values, str).encode()
    return "", b""


def _fill_json(node: Any, values: Values) -> Any:
    """The same document; a string that is one place and nothing else becomes the value, a number staying a number."""
    if isinstance(node, dict):
        return {name: _fill_json(value, values) for name, value in node.items()}
    if isinstance(node, list):
        return [_fill_json(value, values) for value in node]
    if not isinstance(node, str):
        return node
    alone = PLACE.fullmatch(node)
    return values[alone[1]] if alone else _fill(node, values, str)


def _fill(template: str, values: Values, escape: Callable[[str], str]) -> str:
    return PLACE.sub(lambda place: escape(str(values[place[1]])), template)


def _quoted(value: str) -> str:
    return quote(value, safe="")
