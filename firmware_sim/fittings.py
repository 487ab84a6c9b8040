"""The parts of a device file that say what is fitted to the board: encoder, local page, USB folders."""

from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

PLACEHOLDERS = ("op", "codes", "frequency_khz", "class", "occurrence")
"""What a command line of an encoder may name in braces."""
MAX_ARGUMENTS = 32
MAX_FOLDERS = 16
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Part(BaseModel):
    """One table of the file: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TransmitterPart(Part):
    """The encoder that opens the wireless clusters' receivers, and how it is driven.

    command: one argument each, for the driver `command`. device, baud, acknowledges: for `serial`. return_channel:
    receivers answer, so that it is known which heard. loss: share of receivers that miss a call (`simulated`).
    card: part of the name of the sound card that leads to the transmitter; empty: the default card.
    """

    frequency_khz: int = Field(gt=0, le=3_000_000)
    driver: Literal["simulated", "command", "serial"] = "simulated"
    command: tuple[Text, ...] = Field((), max_length=MAX_ARGUMENTS)
    device: str = Field("", max_length=200)
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    acknowledges: bool = False
    return_channel: bool = False
    loss: float = Field(0.0, ge=0.0, le=1.0)
    card: str = Field("", max_length=100)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.driver == "command" and not self.command:
            raise ValueError("the driver command needs a command")
        if self.driver == "serial" and not self.device.startswith("/"):
            raise ValueError("the driver serial needs the path of a device")
        if not all(_is_template(argument) for argument in self.command):
            raise ValueError(f"braces of a command may only hold {', '.join(PLACEHOLDERS)}")
        return self


class LocalPart(Part):
    """The page a volunteer's phone opens on the device's own network. port 0: there is none."""

    port: int = Field(0, ge=0, le=65_535)
    bind: Text = "0.0.0.0"  # noqa: S104 - phones come from the local network; only signed things are taken


class CourierPart(Part):
    """usb: folders, or patterns of folders, under which a stick is mounted."""

    usb: tuple[Annotated[str, StringConstraints(pattern=r"^/", max_length=200)], ...] = Field(
        (), max_length=MAX_FOLDERS
    )


def _is_template(argument: str) -> bool:
    try:
        fields = [
            (name, how, conversion) for _, name, how, conversion in Formatter().parse(argument) if name is not None
        ]
    except ValueError:
        return False
    return all(name in PLACEHOLDERS and not how and not conversion for name, how, conversion in fields)
