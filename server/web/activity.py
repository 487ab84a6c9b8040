"""The activity log, in words."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from server import audit
from server.audit import AuditEntry
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web import repository
from server.web.page import AdminPage, Page

router = APIRouter(include_in_schema=False)

ROWS = 50
ACTIONS = {
    "sign_in": N_("signed in"),
    "sign_out": N_("signed out"),
    "sign_out_everywhere": N_("signed out everywhere"),
    "issue_token": N_("signed in a program"),
    "change_password": N_("changed the password"),
    "change_language": N_("changed the language"),
    "reset_password": N_("gave a one-time password"),
    "create_user": N_("made an account"),
    "change_user": N_("changed an account"),
    "add_sound": N_("added a sound"),
    "write_announcement": N_("wrote an announcement"),
    "edit_announcement": N_("changed an announcement"),
    "submit_announcement": N_("asked for approval"),
    "approve_announcement": N_("approved an announcement"),
    "sign_announcement": N_("handed in a signed PDF"),
    "set_approver_rule": N_("changed who approves"),
    "drop_approver_rule": N_("took away a rule of who approves"),
    "add_certificate": N_("added a certificate of signatures"),
    "retire_certificate": N_("retired a certificate of signatures"),
    "change_policy": N_("changed the rules of a place"),
    "drop_policy": N_("took away the rules of a place"),
    "change_holiday": N_("corrected a holiday"),
    "drop_holiday": N_("took back the correction of a holiday"),
    "send_back_announcement": N_("sent an announcement back"),
    "archive_announcement": N_("archived an announcement"),
    "broadcast_now": N_("broadcast now"),
    "create_schedule": N_("made a schedule"),
    "end_schedule": N_("ended a schedule"),
    "edit_schedule": N_("changed airings"),
    "decide_clash": N_("decided a clash"),
    "add_relay": N_("added a station"),
    "change_relay": N_("changed a station"),
    "retire_relay": N_("retired a station"),
    "copy_programme": N_("copied days of the programme"),
    "undo_programme": N_("undid a change of the programme"),
    "pause": N_("left somebody in peace"),
    "end_pause": N_("ended a pause"),
    "cancel_occurrence": N_("stopped or called off a broadcast"),
    "stop_all": N_("stopped everything"),
    "launch_emergency": N_("started an emergency or a drill"),
    "stop_emergency": N_("stopped an emergency or a drill"),
    "all_clear": N_("gave the all clear"),
    "countersign_emergency": N_("countersigned an emergency"),
    "save_zone": N_("changed a group of clusters"),
    "make_enrolment_code": N_("made a code for a controller"),
    "enrol_device": N_("enrolled a controller"),
    "revoke_device": N_("shut a controller out"),
    "configure_device": N_("set a controller"),
    "announce_key": N_("announced a new key"),
    "use_key": N_("took a new key into use"),
    "retire_key": N_("retired a key"),
    "plan_silence": N_("planned a silence"),
    "put_word": N_("changed the dictionary"),
    "drop_word": N_("took a word out of the dictionary"),
}
_PAGES = {
    "announcement": "/announcements/",
    "schedule": "/schedules/",
    "occurrence": "/occurrences/",
    "emergency": "/emergency/",
    "cluster": "/clusters/",
    "user": "/people/",
    "relay": "/relays/",
}
_NOUNS = {
    "announcement": N_("announcement"),
    "asset": N_("sound"),
    "schedule": N_("schedule"),
    "occurrence": N_("broadcast"),
    "emergency": N_("emergency"),
    "cluster": N_("cluster"),
    "device": N_("controller"),
    "key": N_("key"),
    "user": N_("person"),
    "place": N_("place"),
    "zone": N_("group"),
    "word": N_("word"),
    "relay": N_("station"),
}


@router.get("/activity")
async def index(page: AdminPage, before: int | None = None) -> HTMLResponse:
    """Newest first; of the places this administrator administers."""
    places = None if page.me.can_everywhere(Permission.ADMINISTER) else _places(page)
    async with page.runtime.database.reading() as session:
        found = await audit.entries(session, before=before, limit=ROWS + 1, places=places)
        names = await repository.user_names(session, {entry.user_id for entry in found})
        titles = await repository.titles(session, {entry.object for entry in found})
    rows = [_row(page, entry, names, titles) for entry in found[:ROWS]]
    return page.html("activity.html", rows=rows, before=found[ROWS - 1].seq if len(found) > ROWS else "")


def _places(page: Page) -> frozenset[str]:
    tree = page.me.places
    mine = {grant.place_id for grant in page.me.grants if page.me.can(Permission.ADMINISTER, grant.place_id)}
    return frozenset(mine.union(*(tree.descendants(place_id) for place_id in mine if place_id in tree)))


def _row(page: Page, entry: AuditEntry, names: dict[str | None, str], titles: dict[str, str]) -> dict[str, Any]:
    noun, _, ident = entry.object.partition("/")
    return {
        "entry": entry,
        "who": names.get(entry.user_id) or page.gettext(N_("the system")),
        "did": page.gettext(ACTIONS.get(entry.action, entry.action)),
        "what": f"{page.gettext(_NOUNS.get(noun, noun))}: {titles.get(entry.object, ident)}",
        "href": f"{_PAGES[noun]}{ident}" if noun in _PAGES and ident else "",
    }
