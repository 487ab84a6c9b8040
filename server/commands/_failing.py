"""How a command ends that cannot do what it was asked to: one sentence on standard error, and no traceback."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import ArgumentError, OperationalError

from base.errors import LoaError
from server.i18n import translate_error


def sentence(error: Exception) -> str | None:
    """What to say of an error that people can do something about; None for a mistake of ours."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words(error)
    return None


def _settings(error: ValidationError) -> str:
    """Every setting that does not fit. The value itself is not shown: it may be a secret."""
    wrong = error.errors(include_url=False, include_input=False, include_context=False)
    return " ".join(f"The setting {'.'.join(map(str, each['loc']))} does not fit: {each['msg']}." for each in wrong)


def _file(error: OSError) -> str | None:
    if not error.strerror:
        return None
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]


_WORDS: dict[type[Exception], Callable[[Any], str | None]] = {
    LoaError: lambda error: translate_error("en", error),
    ValidationError: _settings,
    SettingsError: lambda error: f"A setting in the environment cannot be read: {error}.",
    OperationalError: lambda error: f"The database cannot be used: {_first_line(error.orig)}",
    ArgumentError: lambda error: f"The setting database.url does not fit: {_first_line(error)}",
    OSError: _file,
}
