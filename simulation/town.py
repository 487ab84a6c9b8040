"""The commune of every world: four villages, two dozen devices, gateways with wireless clusters."""

from dataclasses import dataclass

COUNTRY, PROVINCE, COMMUNE = "vn", "lao-cai", "ban-lien"
VILLAGES = ("v-ha", "v-thuong", "v-dong", "v-tay")
SMART = tuple(f"bl-s{number:02d}" for number in range(1, 23))
GATEWAYS = {"bl-s04": 54_300, "bl-s11": 58_100, "bl-g01": 62_700, "bl-g02": 66_200}
"""Two loudspeaker clusters that also transmit, and two bare gateways; kHz."""
CHILDREN = {gateway: tuple(f"{gateway.replace('-', '-w')}-{n}" for n in range(1, 4)) for gateway in GATEWAYS}
LANGUAGES = ("vi", "hmn", "tyz")
ZONE = "Asia/Ho_Chi_Minh"
OFFSET_MIN = 420
HOURS = (("05:00", "12:00"), ("13:30", "21:30"))
SCHOOL_HOURS = (("06:30", "11:00"), ("14:00", "16:30"))
SOLAR = {"bl-s20": (("06:00", "06:40"), ("17:00", "17:40")), "bl-s13": (("08:00", "12:00"), ("18:30", "20:00"))}
"""Clusters on a panel and a battery, and when they have their link."""
SCHOOLS = ("bl-s03", "bl-s07", "bl-s16")
"""Clusters beside a school, which the device itself keeps quieter than the commune allows."""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What the town says of a cluster, in words of its own: the judge asks this and not the database."""

    id: str
    village: str
    device: str
    wireless: bool

    @property
    def places(self) -> frozenset[str]:
        return frozenset({self.village, COMMUNE, PROVINCE, COUNTRY})


def clusters() -> dict[str, ClusterFacts]:
    """Every cluster by name."""
    found = [ClusterFacts(name, _village(n), name, wireless=False) for n, name in enumerate(SMART)]
    for n, (gateway, children) in enumerate(CHILDREN.items()):
        found += [ClusterFacts(name, _village(n), gateway, wireless=True) for name in children]
    return {each.id: each for each in found}


def hours_of(device: str) -> tuple[tuple[int, int], ...]:
    """The hours a device is enrolled with, in minutes of its day."""
    spans = SCHOOL_HOURS if device in SCHOOLS else HOURS
    return tuple((_minutes(low), _minutes(high)) for low, high in spans)


def described() -> str:
    """The town as `devices.site` reads it."""
    lines = [
        f'[country]\nid = "{COUNTRY}"\nname = "Việt Nam"\nzone_name = "{ZONE}"\nlanguages = ["vi"]',
        f'[province]\nid = "{PROVINCE}"\nname = "Lào Cai"\nlanguages = ["vi"]',
        f'[commune]\nid = "{COMMUNE}"\nname = "Bản Liền"\npopulation = 3200\nlanguages = ["vi"]',
    ]
    for n, village in enumerate(VILLAGES):
        languages = ", ".join(f'"{each}"' for each in ("vi", *LANGUAGES[1 : 1 + n % 3]))
        lines.append(f'[[villages]]\nid = "{village}"\nname = "{village}"\npopulation = 800\nlanguages = [{languages}]')
    for each in clusters().values():
        kind = f'kind = "wireless"\ngateway = "{each.device}"\ncode = "{_code(each.id)}"'
        lines.append(
            f'[[clusters]]\nid = "{each.id}"\nname = "{each.id}"\nvillage = "{each.village}"\n'
            + (kind if each.wireless else 'kind = "smart"')
        )
    lines += [f'[[gateways]]\ndevice = "{gateway}"\nkhz = {khz}' for gateway, khz in GATEWAYS.items()]
    return "\n\n".join(lines)


def _village(number: int) -> str:
    return VILLAGES[number % len(VILLAGES)]


def _code(cluster: str) -> str:
    return f"{sum(ord(letter) * place for place, letter in enumerate(cluster, 1)) % 0xFFFF:04X}"


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
