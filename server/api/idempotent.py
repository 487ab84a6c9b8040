"""The Idempotency-Key header as a dependency: what sounds is asked for once, however often the request comes."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from server.acts import Act
from server.api.shapes import IdempotencyHeader
from server.auth.who import Who
from server.deps import RuntimeOf
from server.idempotency import Answer, once
from server.runtime import Runtime


class Once:
    """Runs an act in one transaction with the request's key."""

    def __init__(self, request: Request, runtime: Runtime, key: str | None) -> None:
        self._runtime = runtime
        self._key = key
        self._route = f"{request.method} {request.url.path}"

    async def __call__(
        self, who: Who, body: BaseModel, work: Callable[[Act], Awaitable[Answer]], *, status: int = 200
    ) -> JSONResponse:
        """The answer of `work`, or the one given to this key before."""

        async def in_act(session: AsyncSession) -> Answer:
            return await work(Act(session, self._runtime, who))

        answer = await once(
            self._runtime.database,
            self._runtime.clock,
            user_id=who.id,
            key=self._key,
            asked=f"{self._route} {body.model_dump_json()}".encode(),
            work=in_act,
        )
        return JSONResponse(answer, status)


async def _once(request: Request, runtime: RuntimeOf, key: IdempotencyHeader = None) -> Once:
    return Once(request, runtime, key)


Repeatable = Annotated[Once, Depends(_once)]
