"""The as-run log in the reader's language: what may be said of an airing, heads of columns, names of sheets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from devices.wire.orders import Level, PlayClass, Status
from schedules.asrun import Claim
from server.i18n import formats, translations
from server.i18n.catalogue import N_
from server.web.reasons import reason_words
from server.web.signs import CLASSES, LEVELS, Sign, language_word

CLAIMS = {
    Claim.PLAYED: Sign("✓", N_("played"), "ok"),
    Claim.TRANSMITTED: Sign("◐", N_("transmitted"), "air"),
    Claim.PARTLY: Sign("▲", N_("played in part"), "late"),
    Claim.SILENT: Sign("✕", N_("did not sound"), "bad"),
    Claim.NO_WORD: Sign("○", N_("no word from the speaker"), "late"),
    Claim.BEGAN: Sign("▲", N_("began, no word since"), "late"),
    Claim.NOT_ORDERED: Sign("–", N_("never ordered"), "off"),
    Claim.AHEAD: Sign("◌", N_("still ahead"), "plan"),
}
"""From the best proof to what is still to come."""
STATUSES = {
    Status.ACTUAL: N_("programme"),
    Status.DRILL: N_("drill"),
    Status.TEST: N_("test"),
}
_HEADS = {
    "day": N_("Day"),
    "planned": N_("Planned at"),
    "title": N_("Title"),
    "class": N_("Class"),
    "level": N_("Level of origin"),
    "status": N_("Kind of airing"),
    "village": N_("Village"),
    "cluster": N_("Cluster"),
    "claim": N_("What is proved"),
    "reason": N_("Why not"),
    "began": N_("Began at"),
    "began_within_s": N_("Clock error (s)"),
    "sounded_s": N_("Sounded (s)"),
    "planned_s": N_("Planned (s)"),
    "languages": N_("Languages"),
    "occurrence": N_("Airing"),
    "totals": N_("Totals"),
    "log": N_("Log"),
    "not_heard": N_("Not heard"),
    "whole": N_("All"),
    "programme": N_("All of the programme"),
    "classes": N_("Class"),
    "levels": N_("Level of origin"),
    "days": N_("Day"),
    "villages": N_("Village, cluster"),
    "airings": N_("Airings"),
    "clusters": N_("Airings × clusters"),
    "programme_min": N_("Programme (min)"),
    "heard_min": N_("Sounded in all clusters (min)"),
    "transmitted_min": N_("Transmitted (min)"),
    "people": N_("Inhabitants"),
}


@dataclass(frozen=True, slots=True)
class ReportWords:
    """One language, and what one file is about."""

    locale: str
    place: str
    first: date
    last: date

    @property
    def heading(self) -> str:
        days = [formats.short_day(day, self.locale) for day in dict.fromkeys((self.first, self.last))]
        return f"{self.place} · {' – '.join(days)}"

    def head(self, name: str) -> str:
        """The head of a column, or the name of a sheet or a table."""
        text = CLAIMS[Claim(name)].word if name in set(Claim) else _HEADS[name]
        return self._say(text)

    def cell(self, column: str, code: str) -> str:
        """A code of a column in words."""
        match column:
            case "reason":
                return reason_words(self.locale, code)
            case "languages":
                return ", ".join(self._say(language_word(each)) for each in code.split())
            case "claim":
                return self._say(CLAIMS[Claim(code)].word)
            case "status":
                return self._say(STATUSES[Status(code)])
            case "level":
                return self._say(LEVELS[Level[code.upper()]])
        return self._say(class_word(code))

    def _say(self, text: str) -> str:
        return translations(self.locale).gettext(text)


def class_word(code: str) -> str:
    """A head of the totals by class: a class, or an exercise or a test, which are no programme. English."""
    statuses: Mapping[str, str] = {each.value: word for each, word in STATUSES.items() if each is not Status.ACTUAL}
    return statuses.get(code) or CLASSES[PlayClass[code.upper()]]


def level_word(code: str) -> str:
    """A head of the totals by level. English."""
    return LEVELS[Level[code.upper()]]
