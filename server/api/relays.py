"""Stations whose streams are relayed: kept by administrators, tried by whoever writes."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field

from base.errors import Conflict
from devices.wire.addresses import MAX_URL_BYTES
from devices.wire.orders import Level
from schedules.models import RelaySource
from schedules.relays import (
    MAX_AGAIN_S,
    MAX_NAME,
    MAX_QUIET_S,
    MIN_QUIET_S,
    USUAL_AGAIN_S,
    USUAL_QUIET_S,
    Station,
    stamp,
)
from server import stations
from server.acts import acting
from server.api.shapes import PROBLEMS, Id, Moment, Name, Page, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.errors import PreconditionNeeded
from server.stream_trial import Trial

router = APIRouter(tags=["relays"], responses=PROBLEMS)

Administrator = Annotated[Who, Depends(allow(Permission.ADMINISTER))]
Writer = Annotated[Who, Depends(allow(Permission.WRITE_ANNOUNCEMENT))]
Seen = Annotated[str | None, Header(alias="If-Match", max_length=40, description="The ETag of what was looked at")]


class StationIn(Strict):
    """A station. quiet_s: how long it may be silent or dead before its fallback sounds. level: 1 commune … 3 country.

    again_s: how long after its end the fallback sounds anew while the station stays silent or dead; null: once.
    fallback_announcement_id: without one, nothing that relays it can be approved.
    """

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
    url: Annotated[str, Field(min_length=1, max_length=MAX_URL_BYTES)]
    quiet_s: Annotated[int, Field(ge=MIN_QUIET_S, le=MAX_QUIET_S)] = USUAL_QUIET_S
    again_s: Annotated[int, Field(ge=0, le=MAX_AGAIN_S)] | None = USUAL_AGAIN_S
    level: Level = Level.COUNTRY
    fallback_announcement_id: Id | None = None

    def value(self, before: RelaySource | None = None) -> Station:
        """As the programme knows it. before: as it is until now; what came after the first version and is not said
        stays, for a client that does not know it would else change what is heard.
        """
        again_s = self.again_s if before is None or "again_s" in self.model_fields_set else before.again_s
        return Station(self.name, self.url, self.quiet_s, int(self.level), self.fallback_announcement_id, again_s)


class StationOut(Shown):
    """A station; sessions say for how long they relay it."""

    id: str
    place_id: str
    name: str
    url: str
    quiet_s: int
    again_s: int | None
    level: Level
    fallback_announcement_id: str | None
    created_by: str
    created_at: Moment
    retired_at: Moment | None


class ChangedOut(StationOut):
    """A station as it is now, and the sessions that need a new approval because of it."""

    sessions: list[str] = Field(default_factory=list)


class TrialOut(Shown):
    """What its stream is. level_dbfs: root mean square over a few seconds; silent: a speaker would take it for dead."""

    codec: str
    rate_hz: int
    channels: int
    kbit_s: int
    level_dbfs: float
    silent: bool

    @classmethod
    def of(cls, trial: Trial) -> Self:
        """What was found."""
        heard = trial.excerpt
        return cls(
            codec=heard.codec,
            rate_hz=heard.rate_hz,
            channels=heard.channels,
            kbit_s=trial.kbit_s,
            level_dbfs=heard.level_dbfs,
            silent=trial.silent,
        )


@router.get("/places/{place_id}/relays")
async def of_place(
    place_id: Name, who: Viewer, runtime: RuntimeOf, *, retired: Annotated[bool, Query()] = False
) -> Page[StationOut]:
    """A place's stations by name, 100 at most; the retired ones, or the others."""
    who.require(Permission.VIEW, place_id)
    async with runtime.database.reading() as session:
        found = await runtime.programme.relays.sources(session, place_id, retired=retired)
    return Page(items=[StationOut.model_validate(each) for each in found])


@router.post("/places/{place_id}/relays", status_code=201)
async def add(
    place_id: Name, body: StationIn, who: Administrator, runtime: RuntimeOf, response: Response
) -> StationOut:
    """Keep a station. Its name must not lead into a private network, as far as it is known now."""
    who.require(Permission.ADMINISTER, place_id)
    await runtime.trials.look_up(body.url)
    async with acting(runtime, who) as act:
        made = await stations.add(act, place_id, body.value())
        response.headers["ETag"] = f'"{stamp(made)}"'
        return StationOut.model_validate(made)


@router.get("/relays/{source_id}")
async def get(source_id: Id, who: Viewer, runtime: RuntimeOf, response: Response) -> ChangedOut:
    """One station, and the sessions that relay it."""
    async with runtime.database.reading() as session:
        source = await runtime.programme.relays.get(session, source_id)
        who.require(Permission.VIEW, source.place_id)
        sessions = await runtime.programme.relays.sessions(session, source)
    response.headers["ETag"] = f'"{stamp(source)}"'
    shown = ChangedOut.model_validate(source)
    return shown.model_copy(update={"sessions": [each.id for each in sessions]})


@router.put(
    "/relays/{source_id}", responses={412: {"description": "Changed since"}, 428: {"description": "No If-Match"}}
)
async def change(
    *,
    source_id: Id,
    body: StationIn,
    who: Administrator,
    runtime: RuntimeOf,
    response: Response,
    if_match: Seen = None,
) -> ChangedOut:
    """Say something else of a station one has seen; the sessions that relay it are drafts again. Without `again_s` it
    stays as it is.
    """
    if if_match is None:
        raise PreconditionNeeded
    await runtime.trials.look_up(body.url)
    async with acting(runtime, who) as act:
        before = await runtime.programme.relays.get(act.session, source_id)
        changed = await stations.change(act, source_id, body.value(before), seen=if_match.strip().strip('"'))
        response.headers["ETag"] = f'"{stamp(changed.source)}"'
        shown = ChangedOut.model_validate(changed.source)
        return shown.model_copy(update={"sessions": [each.id for each in changed.sessions]})


@router.post("/relays/{source_id}/retire")
async def retire(source_id: Id, who: Administrator, runtime: RuntimeOf) -> StationOut:
    """Offer it no more; the sessions that relay it are drafts again, for good. Twice is once."""
    async with acting(runtime, who) as act:
        retired = await stations.retire(act, source_id)
        return StationOut.model_validate(retired.source)


@router.post("/relays/{source_id}/try")
async def try_it(source_id: Id, who: Writer, runtime: RuntimeOf) -> TrialOut:
    """Open its stream for a few seconds and listen."""
    async with runtime.database.reading() as session:
        source = await runtime.programme.relays.get(session, source_id)
    who.require(Permission.WRITE_ANNOUNCEMENT, source.place_id)
    if source.retired_at is not None:
        raise Conflict("schedules.relay_retired", name=source.name)
    return TrialOut.of(await runtime.trials.listen(source.url, source.name))
