"""Shapes several nouns share: strict input, pages of a list, audiences, problems."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Header, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from base.ids import NAME
from devices.wire.audience import MAX_CLUSTERS, MAX_PLACES, Audience
from schedules.recurrence.rule import YEARS

T = TypeVar("T")
Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
Id = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]


def _within_years(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise ValueError("year")
    return at


Moment = AwareDatetime
MomentIn = Annotated[AwareDatetime, AfterValidator(_within_years)]
"""A moment somebody asks about: near the ends of what a date can be none can be reckoned with."""
Limit = Annotated[int, Query(ge=1, le=200)]
IdempotencyHeader = Annotated[str | None, Header(alias="Idempotency-Key")]


class Strict(BaseModel):
    """Input: what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Shown(BaseModel):
    """Output, read from rows and views."""

    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` is the cursor of what follows, null at the end."""

    items: list[T]
    next: str | None = None


class AudienceIn(Strict):
    """Who shall hear it: everyone, or the union of villages, zones and clusters; in both cases less `but`."""

    places: Annotated[list[Name], Field(max_length=MAX_PLACES)] = []
    zones: Annotated[list[Name], Field(max_length=MAX_PLACES)] = []
    clusters: Annotated[list[Name], Field(max_length=MAX_CLUSTERS)] = []
    but: Annotated[list[Name], Field(max_length=MAX_CLUSTERS)] = []

    def audience(self) -> Audience:
        """As an order says it."""
        return Audience(tuple(self.places), tuple(self.zones), tuple(self.clusters), tuple(self.but))


class Problem(BaseModel):
    """RFC 9457; `code` is stable, `detail` is in the language asked for."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    params: dict[str, Any] = {}
    instance: str | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        401: "Not signed in",
        403: "Not allowed here",
        404: "Not found",
        409: "Its present state forbids this",
        422: "The input is wrong",
    }.items()
}


def page_of(rows: Sequence[Any], shown: list[T], limit: int, cursor: str) -> Page[T]:
    """A page of rows asked for with `limit + 1`: the extra row only says that there is more. cursor: a column."""
    more = len(rows) > limit
    return Page(items=shown[:limit], next=str(getattr(rows[limit - 1], cursor)) if more else None)
