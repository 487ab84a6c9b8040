"""The REST interface, /api/v1: one router a noun."""

from fastapi import APIRouter


def router() -> APIRouter:
    """Every noun under one prefix."""
    from server.api import (
        activity,
        announcements,
        assets,
        broadcasts,
        clusters,
        devices,
        emergencies,
        occurrences,
        places,
        schedules,
        session,
        users,
    )

    programme = (assets, announcements, schedules, broadcasts, occurrences, emergencies)
    nouns = (session, places, clusters, devices, *programme, users, activity)
    api = APIRouter(prefix="/api/v1")
    for noun in nouns:
        api.include_router(noun.router)
    return api
