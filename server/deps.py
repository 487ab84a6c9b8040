"""What routes ask FastAPI for."""

from typing import Annotated, cast

from fastapi import Depends, Request

from server.runtime import Runtime


def runtime_of(request: Request) -> Runtime:
    """The runtime this application serves."""
    return cast("Runtime", request.app.state.runtime)


RuntimeOf = Annotated[Runtime, Depends(runtime_of)]
