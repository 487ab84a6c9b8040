"""All the faults, each by its name, and how often it is chosen."""

from simulation import device_faults, outside_faults
from simulation.fault import Kind

KINDS = (
    Kind("server killed", outside_faults.server_killed, weight=5),
    Kind("server away", outside_faults.server_away, long=True),
    Kind("server disk fails", outside_faults.disk_fails, weight=6),
    Kind("server clock steps", outside_faults.server_clock_steps),
    Kind("broker restarts", outside_faults.broker_restarts, weight=3),
    Kind("blackout", outside_faults.blackout, long=True),
    Kind("partition", outside_faults.partition, weight=4, long=True, silences=True),
    Kind("half-open connection", outside_faults.half_open),
    Kind("bad network", outside_faults.bad_network, weight=4),
    Kind("slow network", outside_faults.slow_network, weight=2),
    Kind("enemy broker", outside_faults.enemy, weight=4),
    Kind("power cut", device_faults.power_cut, weight=6),
    Kind("no electricity", device_faults.power_away, weight=3, long=True, silences=True),
    Kind("flash refuses writes", device_faults.flash_fails),
    Kind("flash full", device_faults.flash_full),
    Kind("content out of reach", device_faults.content_closed),
    Kind("corrupt file", device_faults.content_corrupt),
    Kind("flash lost", device_faults.flash_lost),
    Kind("battery low", device_faults.battery_low),
    Kind("clock steps", device_faults.clock_steps),
    Kind("clock lost", device_faults.clock_lost),
    Kind("player fails", device_faults.player_fails),
)
