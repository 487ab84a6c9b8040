"""What drives a gateway's encoder: nothing (simulated), a command line, or frames on a serial line."""

from firmware_sim.encoders.command import CommandDriver
from firmware_sim.encoders.serial_line import SerialDriver
from firmware_sim.encoders.simulated import SimulatedDriver
from firmware_sim.fittings import TransmitterPart
from firmware_sim.radio import Driver


def driver_of(part: TransmitterPart, seed: str) -> Driver:
    """The driver a device file names. seed: makes a simulated channel the same for the same device."""
    match part.driver:
        case "command":
            return CommandDriver(part.command, part.frequency_khz, return_channel=part.return_channel)
        case "serial":
            return SerialDriver(
                part.device,
                part.frequency_khz,
                baud=part.baud,
                acknowledges=part.acknowledges,
                return_channel=part.return_channel,
            )
        case _:
            return SimulatedDriver(seed, loss=part.loss, return_channel=part.return_channel)
