"""The console: one module a page, its templates beside it."""

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    """Every page of the console, to be mounted without a prefix."""
    from server.web import (
        account,
        activity,
        airing,
        announcement_new,
        announcements,
        approval_rules,
        audience_page,
        bulk,
        clashes,
        clusters,
        contact,
        courier,
        courier_bundle,
        courier_phone,
        device_settings,
        dictionary,
        draft_airing,
        drafts,
        emergency,
        emergency_board,
        enrolment,
        holidays,
        keys,
        listen,
        occurrences,
        people,
        policy,
        report_files,
        reports,
        schedule_new,
        schedules,
        session_new,
        sign_in,
        signing,
        sound_record,
        sound_text,
        sound_upload,
        stop_all,
        today,
    )

    pages = (
        sign_in, account, today, announcement_new, sound_record, sound_text, sound_upload, dictionary,
        session_new, listen, announcements, airing, audience_page, schedule_new, clashes, schedules, stop_all,
        occurrences, clusters, contact, device_settings, courier_phone, courier, courier_bundle, enrolment,
        emergency, emergency_board, people, policy, approval_rules, holidays, signing, keys, activity, reports, report_files,
        drafts, draft_airing, bulk,
    )  # fmt: skip
    return [page.router for page in pages]
