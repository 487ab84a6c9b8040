"""The table of renditions: which encodings every asset gets, best first (pure)."""

from collections.abc import Collection
from typing import NamedTuple


class RenditionSpec(NamedTuple):
    """How one rendition is made."""

    codec: str
    """Its name in orders and in the database."""
    bitrate: int
    """Bits a second, on average."""
    suffix: str
    media_type: str


RENDITIONS: tuple[RenditionSpec, ...] = (
    RenditionSpec("opus16", 16_000, ".ogg", "audio/ogg; codecs=opus"),
    RenditionSpec("opus8", 8_000, ".ogg", "audio/ogg; codecs=opus"),
    RenditionSpec("mp3-32", 32_000, ".mp3", "audio/mpeg"),
)
"""16 kbit/s for every speaker; 8 kbit/s for weak links and for emergencies fetched while the siren sounds; MP3 for
players of other makers, which know nothing else."""

EVERYWHERE: Collection[str] = frozenset({"opus16", "opus8"})
"""What every speaker of the protocol plays. Orders name the others too: who does not know them passes over them."""
