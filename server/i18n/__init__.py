"""The console's languages: what a sentence is in Vietnamese, and which language a request wants."""

from server.i18n.catalogue import DEFAULT_LOCALE, LOCALES, translations
from server.i18n.errors import translate_error
from server.i18n.negotiation import LANGUAGE_COOKIE, negotiate

__all__ = ["DEFAULT_LOCALE", "LANGUAGE_COOKIE", "LOCALES", "negotiate", "translate_error", "translations"]
