"""The REST interface, /api/v1: one router a noun."""

from fastapi import APIRouter


def router() -> APIRouter:
    """Every noun under one prefix."""
    from server.api import (
        activity,
        announcements,
        approvals,
        assets,
        broadcasts,
        bulk,
        clashes,
        clusters,
        contacts,
        courier_bundles,
        courier_returns,
        device_configs,
        devices,
        dictionary,
        drafts,
        emergencies,
        holidays,
        keys,
        languages,
        occurrences,
        places,
        policy,
        positions,
        previews,
        programme_changes,
        programme_looks,
        relays,
        reports,
        schedules,
        session,
        sound_work,
        users,
    )

    programme = (
        assets,
        dictionary,
        sound_work,
        announcements,
        previews,
        languages,
        schedules,
        programme_changes,
        programme_looks,
        clashes,
        relays,
        drafts,
        bulk,
        broadcasts,
        occurrences,
        reports,
        emergencies,
    )
    couriers = (contacts, courier_bundles, courier_returns)
    governing = (policy, holidays, approvals)
    nouns = (
        session,
        places,
        positions,
        clusters,
        devices,
        device_configs,
        *programme,
        *couriers,
        *governing,
        users,
        keys,
        activity,
    )
    api = APIRouter(prefix="/api/v1")
    for noun in nouns:
        api.include_router(noun.router)
    return api
