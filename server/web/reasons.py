"""Why something did not play, in words: a code the rooms use, or a person's own words."""

from base.errors import LoaError
from schedules.errors import REASONS
from server.i18n.catalogue import N_, REASON_CONTEXT, translations
from server.i18n.errors import messages, translate_error
from server.web.page import Page

DEVICE_REASONS = {
    "expired": N_("its time had run out"),
    "late": N_("the order came too late"),
    "not_stored": N_("the sound had not arrived in time"),
    "content_missing": N_("the sound had not arrived in time"),
    "busy": N_("something else was on air all the time"),
    "outside_hours": N_("outside the permitted hours"),
    "stale": N_("too old to go on with after the interruption"),
    "dropped": N_("left out for something more urgent"),
    "fallback": N_("the station was silent or dead for a time; its fallback sounded"),
    "silent_stream": N_("the station was silent or dead for most of the time"),
    "cut_short": N_("the sound broke off before its end"),
    "stopped": N_("stopped by hand"),
    "cancelled": N_("called off"),
    "all_clear": N_("ended by the all clear"),
    "power_cut": N_("the power failed"),
    "transmitter": N_("the transmitter failed"),
    "low_battery": N_("the battery was too low"),
    "flash_lost": N_("the speaker's memory was lost"),
    "flash": N_("the speaker's memory refused to write"),
    "power": N_("the power failed"),
    "malformed": N_("the speaker did not understand the order"),
    "unsupported": N_("the speaker does not know this kind of order"),
    "wrong_authority": N_("signed by someone this speaker does not obey"),
    "bad_signature": N_("the signature was wrong"),
}
"""What a speaker's receipt may give as a reason."""


def reason_text(page: Page, reason: str) -> str:
    """The reason in the page's language; words nobody listed are shown as they are."""
    return reason_words(page.locale, reason)


def reason_words(locale: str, reason: str) -> str:
    """The same without a page."""
    if not reason:
        return ""
    if reason in REASONS:
        found = translations(locale).pgettext(REASON_CONTEXT, reason)
        return REASONS[reason] if found == reason else found
    if reason in DEVICE_REASONS:
        return translations(locale).gettext(DEVICE_REASONS[reason])
    code = f"schedules.{reason}"
    return translate_error(locale, LoaError(code)) if code in messages() else reason
