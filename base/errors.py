"""The error every room raises: a stable code and parameters; the text lives in the message catalogue.

LoaError
├── Refused         the input is wrong; trying again unchanged cannot help
│   ├── NotFound    the thing named does not exist (or may not be seen)
│   ├── Conflict    it exists, but its state forbids this now
│   └── Forbidden   this person may not do this here
└── Unavailable     something outside failed; trying again may help
"""

from typing import ClassVar

MESSAGES: dict[str, str] = {
    "base.broker_url": "{url} is no broker address: write mqtt://host:port, or mqtts://host:port for TLS.",
}


class LoaError(Exception):
    """Base of all our errors.

    Attributes:
        code: stable dotted code, e.g. ``audio.not_audio``; the key of the text in the catalogue.
        params: values the text names, plain str/int/float.
        permanent: whether repeating the same call can never succeed.
    """

    permanent: ClassVar[bool] = True

    def __init__(self, code: str, /, **params: str | float) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({details})" if details else self.code


class Refused(LoaError):
    """The input is wrong and stays wrong."""


class NotFound(Refused):
    """Nothing of that name is there."""


class Conflict(Refused):
    """The thing's present state forbids this."""


class Forbidden(Refused):
    """This person may not do this in this place."""


class Unavailable(LoaError):
    """Something outside failed; the same call may succeed later."""

    permanent = False
