"""What a page is given: who asks, in which language, about which commune; and how it answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from base.errors import LoaError, NotFound
from devices.models import Place
from server.acts import acting
from server.auth.guard import allow, signed_in
from server.auth.models import User
from server.auth.permissions import PERMISSIONS, Permission
from server.auth.who import Who
from server.deps import runtime_of
from server.errors import status_of
from server.i18n import formats, negotiate, translate_error, translations
from server.i18n.catalogue import N_
from server.runtime import Runtime
from server.web import repository
from server.web.done import DONE, UNDOABLE
from server.web.templating import render

COMMUNE_COOKIE = "loa_commune"

_MENU = (
    ("today", "/", N_("Today")),
    ("announcements", "/announcements", N_("Announcements")),
    ("programme", "/programme", N_("Schedule")),
    ("clusters", "/clusters", N_("Clusters")),
)
_REPORTS = ("reports", "/reports", N_("Reports"))
_COURIER = ("courier", "/courier", N_("Courier"))
_ADMIN = (("people", "/people", N_("People")), ("activity", "/activity", N_("Activity log")))
_ACCOUNT = ("account", "/account", N_("Account"))
_SECTIONS = {
    "": "today",
    "occurrences": "today",
    "stop-all": "today",
    "dictionary": "announcements",
    "sessions": "announcements",
    "keys": "account",
    **dict.fromkeys(("schedules", "policy", "holidays", "relays"), "programme"),
}
NEXT = 5
"""How many plays ahead stand in the frame of every page."""

MenuItem = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """One request of the console. Without a commune (none exists yet, or none may be seen) only few pages work."""

    request: Request
    runtime: Runtime
    locale: str
    who: Who | None
    commune: Place | None
    zone: ZoneInfo
    now: datetime
    coming: tuple[repository.Coming, ...] = ()

    @property
    def user(self) -> User | None:
        """Who is signed in and may use the console; None while a one-time password must be changed first."""
        return None if self.who is None or self.who.user.must_change else self.who.user

    @property
    def me(self) -> Who:
        """Who is signed in; the guard of the route saw to it."""
        assert self.who is not None
        return self.who

    @property
    def place(self) -> Place:
        """The commune this page is about. Raises NotFound when there is none to show."""
        if self.commune is None:
            raise NotFound("server.no_commune")
        return self.commune

    @property
    def csrf(self) -> str:
        """The secret every form carries; empty for nobody and for programs."""
        return (self.who.csrf or "") if self.who is not None else ""

    @property
    def section(self) -> str:
        """Which entry of the menu this page belongs to."""
        first = self.request.url.path.split("/")[1]
        return _SECTIONS.get(first, first)

    @property
    def done(self) -> str:
        """What was just done, told after a redirect."""
        text = DONE.get(self.request.query_params.get("done", ""))
        return self.gettext(text) if text else ""

    @property
    def undoable(self) -> bool:
        """Whether what was just done can be undone by who is told of it."""
        return self.request.query_params.get("done", "") in UNDOABLE and self.can("schedule")

    @property
    def today(self) -> date:
        """The day it is in the commune."""
        return self.local(self.now).date()

    def menu(self) -> tuple[MenuItem, ...]:
        """The entries of the header."""
        courier = (_COURIER,) if self.can("carry") else ()
        reports = (_REPORTS,) if self.can("view") else ()
        return (*_MENU, *reports, *courier, *(_ADMIN if self.can("administer") else ()), _ACCOUNT)

    def phone_menu(self) -> tuple[MenuItem, ...]:
        """The five entries at the foot of a phone's screen; the rest is reached from the account. Who carries and does
        not write has the courier's page where others have the schedule.
        """
        if self.can("carry") and not self.can("write_announcement"):
            return (*(each for each in _MENU if each[0] != "programme"), _COURIER, _ACCOUNT)
        return (*_MENU, _ACCOUNT)

    def can(self, permission: str) -> bool:
        """Whether this person may do that in the commune shown (or anywhere, when none is)."""
        if self.who is None or self.user is None:
            return False
        wanted = Permission(permission)
        return self.who.can_somewhere(wanted) if self.commune is None else self.who.can(wanted, self.commune.id)

    def local(self, moment: datetime) -> datetime:
        """A moment on the commune's clock."""
        return moment.astimezone(self.zone)

    def clock(self, moment: datetime, *, seconds: bool = False) -> str:
        """The time of day in the commune."""
        return formats.clock(moment, self.zone, seconds=seconds)

    def moment(self, moment: datetime) -> str:
        """The time, with its day unless that is today."""
        return formats.moment_text(moment, self.zone, self.locale, now=self.now)

    def gettext(self, message: str, **values: Any) -> str:
        """A sentence in the page's language."""
        text = translations(self.locale).gettext(message)
        return text % values if values else text

    def ngettext(self, one: str, many: str, num: int) -> str:
        """A sentence that counts."""
        return translations(self.locale).ngettext(one, many, num) % {"num": num}

    def error_text(self, error: LoaError | None) -> str:
        """What happened, what is safe, what to do."""
        return translate_error(self.locale, error) if error is not None else ""

    def html(self, template: str, /, *, error: LoaError | None = None, **values: Any) -> HTMLResponse:
        """The page; with an error it carries the error's status and its text, and the values keep what was typed."""
        text = render(self.locale, template, page=self, problem_text=self.error_text(error), **values)
        status = 200 if error is None else status_of(error)
        return HTMLResponse(text, status, headers={"Cache-Control": "no-store", "Content-Language": self.locale})

    def act(self) -> Any:
        """A write transaction in this person's name; see `server.acts.acting`."""
        return acting(self.runtime, self.me)


def go(path: str, done: str = "") -> RedirectResponse:
    """On to a page after a form; `done` is what it will say."""
    return RedirectResponse(f"{path}?done={done}" if done else path, 303)


def page_for(permission: Permission | None) -> Callable[..., Awaitable[Page]]:
    """The dependency of a page that needs `permission` somewhere; None: of anybody signed in."""
    guard = signed_in if permission is None else allow(permission)

    async def page(request: Request, who: Annotated[Who, Depends(guard)]) -> Page:
        return await make_page(request, who)

    return page


async def make_page(request: Request, who: Who | None) -> Page:
    """A page for whoever asks, in the commune last chosen or the first this person may see."""
    runtime = runtime_of(request)
    commune = await _commune(request, runtime, who) if who is not None else None
    zone_name = who.places.zone_name(commune.id) if who is not None and commune is not None else "UTC"
    zone = ZoneInfo(zone_name if zone_name != "UTC" else runtime.settings.zone)
    now = runtime.clock()
    coming = await _coming(runtime, commune, now) if commune is not None and _is_whole(request) else ()
    return Page(request, runtime, negotiate(request), who, commune, zone, now, coming)


def _is_whole(request: Request) -> bool:
    """Whether a page is asked for with its frame, and not a part of one: a form may be answered by a page too."""
    return "HX-Request" not in request.headers


async def _coming(runtime: Runtime, commune: Place, now: datetime) -> tuple[repository.Coming, ...]:
    async with runtime.database.reading() as session:
        return tuple(await repository.coming(session, commune.id, now, NEXT))


async def _commune(request: Request, runtime: Runtime, who: Who) -> Place | None:
    chosen = request.cookies.get(COMMUNE_COOKIE)
    async with runtime.database.reading() as session:
        if chosen and who.can(Permission.VIEW, chosen):
            place = await repository.commune(session, chosen)
            if place is not None:
                return place
        return next(iter(await communes(session, who)), None)


async def in_commune_of(page: Page, permission: Permission) -> Page:
    """The page in a commune where this person may do that in at least one village, when none was found so far: a grant
    for a single village shows no commune by itself.
    """
    if page.commune is not None:
        return page
    places = {grant.place_id for grant in page.me.grants if permission in PERMISSIONS[grant.role]}
    ids = [found for place in sorted(places) if place in page.me.places and (found := page.me.places.commune_of(place))]
    if not ids:
        return page
    async with page.runtime.database.reading() as session:
        commune = await repository.commune(session, ids[0])
    return replace(page, commune=commune, zone=ZoneInfo(page.me.places.zone_name(ids[0])))


async def in_place(page: Page, place_id: str) -> Page:
    """The page in the commune that something it is about belongs to, which may not be the one last chosen."""
    if page.commune is not None and page.commune.id == place_id:
        return page
    async with page.runtime.database.reading() as session:
        commune = await repository.commune(session, place_id)
    if commune is None or not page.me.can(Permission.VIEW, place_id):
        return page
    coming = await _coming(page.runtime, commune, page.now) if page.coming else ()
    return replace(page, commune=commune, zone=ZoneInfo(page.me.places.zone_name(place_id)), coming=coming)


async def communes(session: Any, who: Who) -> list[Place]:
    """The communes this person may see, by name."""
    return [place for place in await repository.communes(session) if who.can(Permission.VIEW, place.id)]


SignedInPage = Annotated[Page, Depends(page_for(None))]
ViewPage = Annotated[Page, Depends(page_for(Permission.VIEW))]
WritePage = Annotated[Page, Depends(page_for(Permission.WRITE_ANNOUNCEMENT))]
ApprovePage = Annotated[Page, Depends(page_for(Permission.APPROVE))]
BroadcastPage = Annotated[Page, Depends(page_for(Permission.BROADCAST))]
SchedulePage = Annotated[Page, Depends(page_for(Permission.SCHEDULE))]
StopPage = Annotated[Page, Depends(page_for(Permission.STOP))]
EmergencyPage = Annotated[Page, Depends(page_for(Permission.EMERGENCY))]
DrillPage = Annotated[Page, Depends(page_for(Permission.DRILL))]
ManagePage = Annotated[Page, Depends(page_for(Permission.MANAGE_CLUSTERS))]
AdminPage = Annotated[Page, Depends(page_for(Permission.ADMINISTER))]
