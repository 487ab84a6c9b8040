"""Values from forms, checked (pure)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from base.errors import Refused
from schedules.recurrence.rule import YEARS

Kind = TypeVar("Kind", bound=StrEnum)


def whole(form: Mapping[str, Any], name: str) -> int:
    """A whole number. Raises Refused("server.input_wrong")."""
    found = whole_or_none(form, name)
    if found is None:
        raise Refused("server.input_wrong")
    return found


def whole_or_none(form: Mapping[str, Any], name: str) -> int | None:
    """A whole number, None when the field is missing or empty. Raises Refused("server.input_wrong")."""
    text = str(form.get(name, "") or "").strip()
    if not text:
        return None
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise Refused("server.input_wrong")
    return int(text)


def member(kind: type[Kind], said: object) -> Kind:
    """One of the values a choice has. Raises Refused("server.input_wrong")."""
    try:
        return kind(str(said))
    except ValueError as error:
        raise Refused("server.input_wrong") from error


def speed(form: Mapping[str, Any], name: str) -> float:
    """A decimal number. Raises Refused("server.input_wrong")."""
    try:
        return float(str(form.get(name, "1")))
    except ValueError as error:
        raise Refused("server.input_wrong") from error


def day(text: str) -> date:
    """A day as `<input type=date>` sends it. Raises Refused("server.date_wrong")."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("server.date_wrong", date=text[:20]) from error


def moment(text: str) -> datetime:
    """A moment with its zone, as pages name airings. Raises Refused("server.input_wrong")."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("server.input_wrong") from error
    if found.tzinfo is None or found.year not in YEARS:
        raise Refused("server.input_wrong")
    return found
