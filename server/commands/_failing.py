"""How a command ends that cannot do what it was asked to: one sentence on standard error, and no traceback."""

from typing import TYPE_CHECKING

from base.errors import LoaError

if TYPE_CHECKING:
    from pydantic import ValidationError


def sentence(error: Exception) -> str | None:
    """What to say of an error that people can do something about; None for a mistake of ours."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError
    from sqlalchemy.exc import OperationalError

    from server.i18n import translate_error

    if isinstance(error, LoaError):
        return translate_error("en", error)
    if isinstance(error, ValidationError):
        return " ".join(_settings(error))
    if isinstance(error, SettingsError):
        return f"A setting in the environment cannot be read: {error}."
    if isinstance(error, OperationalError):
        return f"The database cannot be used: {_first_line(error.orig)}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return None


def _settings(error: "ValidationError") -> list[str]:
    """Every setting that does not fit. The value itself is not shown: it may be a secret."""
    return [
        f"The setting {'.'.join(str(step) for step in each['loc'])} does not fit: {each['msg']}."
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]
