"""How marks, layers and pauses of the programme look: symbol, word and tone that say the same thing."""

from collections.abc import Mapping

from schedules.marks import Mark
from schedules.models import OccurrenceState
from schedules.pauses import Occasion, Silence
from schedules.repository.timetable import OccurrenceRow
from server.i18n.catalogue import N_
from server.web.modes import mode_for
from server.web.page import Page
from server.web.reasons import reason_text
from server.web.signs import CLASSES, LEVELS, Sign

MARKS: Mapping[Mark, Sign] = {
    Mark.NOT_PERMITTED: Sign("✕", N_("not permitted"), "bad"),
    Mark.NOT_APPROVED: Sign("▲", N_("not approved"), "late"),
    Mark.CLASH: Sign("⇄", N_("at the same time"), "late"),
    Mark.NOT_IN_TIME: Sign("◔", N_("sound not in time"), "late"),
    Mark.LANGUAGE: Sign("◒", N_("language missing"), "late"),
    Mark.GIVES_WAY: Sign("↷", N_("gives way"), "plan"),
    Mark.LOUD: Sign("◁", N_("turned down"), "plan"),
    Mark.DECIDED: Sign("✓", N_("decided"), "ok"),
}
CLASS_SYMBOLS = {0: "♪", 1: "●", 2: "◆", 3: "‼"}
OCCASIONS = {
    Occasion.FUNERAL: N_("funeral"),
    Occasion.WEDDING: N_("wedding"),
    Occasion.EXAM: N_("exam"),
    Occasion.OTHER: N_("another reason"),
}
COMMUNE_LEVEL = 1


def href_of(row: OccurrenceRow) -> str:
    """Where an occurrence is shown: on its page, or on the board of its emergency."""
    if row.emergency_id is not None:
        return f"{mode_for(row.status).base}/{row.emergency_id}"
    return f"/occurrences/{row.id}"


def layer_words(page: Page, row: OccurrenceRow) -> str:
    """Class and level of origin with their symbol; nothing for what is normal and the commune's own."""
    parts = []
    if row.play_class != 1:
        parts.append(f"{CLASS_SYMBOLS[row.play_class]} {page.gettext(CLASSES[row.play_class])}")
    if row.level != COMMUNE_LEVEL:
        parts.append(page.gettext(LEVELS[row.level]))
    return " · ".join(parts)


def tone_of(page: Page, row: OccurrenceRow) -> str:
    """The style of a row: its class, and whether it is called off or past."""
    tone = f"c{row.play_class}"
    if row.state is OccurrenceState.CANCELLED:
        return f"{tone} off"
    return f"{tone} past" if row.state is OccurrenceState.OVER or row.ends_at <= page.now else tone


def called_off(page: Page, row: OccurrenceRow) -> str:
    """Why it is called off, in words; empty when it is not."""
    if row.state is not OccurrenceState.CANCELLED:
        return ""
    return reason_text(page, row.reason) or page.gettext(N_("cancelled"))


def pause_words(page: Page, silence: Silence, names: Mapping[str, str]) -> str:
    """Who is left in peace and why."""
    whom = silence.pause.whom
    where = [names.get(each, each) for each in (*whom.places, *whom.zones, *whom.clusters)]
    if whom.everyone:
        where = [page.gettext(N_("The whole commune"))]
    why = page.gettext(OCCASIONS[silence.pause.occasion])
    return f"{', '.join(where)}: {why}"
