"""The two modes of the emergency pages, which must never be taken for each other: the real thing and a drill."""

from dataclasses import dataclass

from devices.wire.orders import Status
from schedules.models import EmergencyTemplate
from schedules.templates import EXERCISE_TEXTS
from server.auth.permissions import Permission
from server.i18n.catalogue import N_
from server.web.page import Page

_TONES = {
    "siren-flood": N_("flood siren, then the words"),
    "siren-storm": N_("storm siren, then the words"),
    "siren-extreme": N_("extreme danger siren, then the words"),
    "all-clear": N_("calm all-clear tone, then the words"),
}
_DRILL_TONE = N_("drill tone (no siren), “this is a drill”, the words, “this is a drill” again")


@dataclass(frozen=True, slots=True)
class Mode:
    """Where its pages are, what it takes to use them, and what its orders say."""

    base: str
    status: Status
    permission: Permission

    @property
    def drill(self) -> bool:
        """Whether this is practice."""
        return self.status is Status.DRILL


REAL = Mode("/emergency", Status.ACTUAL, Permission.EMERGENCY)
DRILL = Mode("/drill", Status.DRILL, Permission.DRILL)
MODES = (REAL, DRILL)


def mode_of(page: Page) -> Mode:
    """The mode of the page asked for, by its path."""
    return DRILL if page.section == DRILL.base[1:] else REAL


def mode_for(status: Status) -> Mode:
    """The mode an emergency was started in."""
    return DRILL if status is Status.DRILL else REAL


@dataclass(frozen=True, slots=True)
class Tile:
    """A template as it is shown."""

    id: str
    title: str
    says: str
    text: str
    asset_id: str


def tile(page: Page, mode: Mode, template: EmergencyTemplate) -> Tile:
    """A template with its words as they will be spoken in this mode."""
    titles, words = template.titles, " ".join(template.texts.values())
    title = titles.get(page.locale) or next(iter(titles.values()), template.key)
    exercise = EXERCISE_TEXTS["vi"]
    text = f"{exercise} … {words} … {exercise}" if mode.drill else words
    first = words.split(". ")[0][:120]
    return Tile(template.id, title, first, text, template.assets.get("vi", ""))


def sound_words(page: Page, mode: Mode, template: EmergencyTemplate) -> str:
    """What sounds, in words."""
    return page.gettext(_DRILL_TONE if mode.drill else _TONES.get(template.tone, template.tone))


def repeat_words(page: Page, mode: Mode, template: EmergencyTemplate) -> str:
    """How often it sounds, in words."""
    if mode.drill or template.repeat_count == 1:
        return page.gettext(N_("once"))
    if template.repeat_count:
        return page.ngettext("%(num)d time", "%(num)d times", template.repeat_count)
    return page.gettext(
        N_("every %(gap)s seconds until the all clear, at most %(hours)s hours"),
        gap=template.repeat_gap_s,
        hours=round(template.lasts_s / 3600, 1) if template.lasts_s % 3600 else template.lasts_s // 3600,
    )
