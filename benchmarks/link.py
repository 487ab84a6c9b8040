"""What a weak link costs: the bytes read from the content server, and the time, for an hour and for a minute of speech.

The real server, broker and speaker, the speaker at the far end of a network namespace: 64 kbit/s, packets lost each way
(iptables), for the hour also a cut every minute after which the device comes back with another address. Needs root.
"""

import argparse
import asyncio
import contextlib
import io
import json
import tempfile
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from server.demo.story import TEXT
from tests.support.netns import WeakLink, weak_link
from tests.support.town import Town, Ways, one_cluster_site, town, until

RATE_KBIT = 64
CUT_EVERY_S = 60
CUT_S = 5
HOUR_S = 3_600
MINUTE_TEXTS = 5
"""So many times the demo's text lasts a little more than a minute."""
SAMPLE_HZ = 16_000
PATIENCE_S = 7_200


@dataclass(frozen=True, slots=True)
class Case:
    """One content over one link. seconds: None for the spoken minute."""

    name: str
    loss: float
    cuts: bool
    seconds: int | None


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the hour a tenth as long, for trying")
    parser.add_argument("--only", choices=["hour", "minute"])
    parser.add_argument("--json", action="store_true", help="one JSON object a case")
    chosen = parser.parse_args()
    hour = HOUR_S // 10 if chosen.quick else HOUR_S
    for case in (Case("minute", 0.2, cuts=False, seconds=None), Case("hour", 0.02, cuts=True, seconds=hour)):
        if chosen.only in {None, case.name}:
            found = asyncio.run(measured(case))
            print(json.dumps(found) if chosen.json else line(found), flush=True)


def line(found: dict[str, Any]) -> str:
    return (
        f"{found['case']}: {found['content_bytes']:,} bytes, {found['loss']:.0%} loss, {found['cuts']} cuts: "
        f"{found['read_bytes']:,} bytes read from the server ({found['ratio']:.3f}×), {found['seconds']:.0f} s; "
        f"{found['minimum_s']:.0f} s at the rate of the link and {found['down_s']} s of it down"
    )


async def measured(case: Case) -> dict[str, Any]:
    """One case, from the order to the whole content on the speaker."""
    with tempfile.TemporaryDirectory(prefix="loa-link-") as folder, weak_link(loss=0, rate_kbit=100_000) as link:
        ways = Ways(host=link.near, speaker_prefix=link.prefix)
        async with town(Path(folder), site=one_cluster_site(), ways=ways) as here:
            # What else a new speaker fetches comes first, quickly: it is not what is measured.
            await until(here.bank_is_full, PATIENCE_S)
            content_id, size = await content(here, case.seconds)
            link.shape(RATE_KBIT)
            link.lose(case.loss)
            return await fetched(here, link, case, content_id, size)


async def fetched(here: Town, link: WeakLink, case: Case, announcement_id: str, size: int) -> dict[str, Any]:
    before, air_before = await here.content_bytes(), link.passed_bytes()
    name = next(iter(here.site.sounds))
    files = here.settings.data_dir / "speakers" / name / "content"
    whole = len(finished(files)) + 1

    async def is_here() -> bool:
        return len(finished(files)) == whole

    began = time.monotonic()
    cuts = Cuts(link)
    await scheduled(here, announcement_id)
    cutting = asyncio.create_task(cuts.go_on() if case.cuts else asyncio.sleep(0))
    try:
        await until(is_here, PATIENCE_S)
    finally:
        cutting.cancel()
        await asyncio.gather(cutting, return_exceptions=True)
    seconds = time.monotonic() - began
    read = await here.content_bytes() - before
    return {
        "case": case.name,
        "loss": case.loss,
        "cuts": cuts.count,
        "content_bytes": size,
        "read_bytes": read,
        "ratio": round(read / size, 4),
        "seconds": round(seconds, 1),
        "minimum_s": round(size * 8 / (RATE_KBIT * 1_000), 1),
        "down_s": cuts.count * CUT_S,
        "air_bytes": link.passed_bytes() - air_before,
    }


def finished(files: Path) -> list[Path]:
    return [path for path in files.iterdir() if path.is_file()]


class Cuts:
    """A cut every minute: silence, and every connection there was is dead afterwards."""

    def __init__(self, link: WeakLink) -> None:
        self._link = link
        self.count = 0

    async def go_on(self) -> None:
        while True:
            await asyncio.sleep(CUT_EVERY_S)
            self.count += 1
            self._link.go_silent()
            await asyncio.sleep(CUT_S)
            self._link.change_address()
            self._link.come_back()


async def content(here: Town, seconds: int | None) -> tuple[str, int]:
    """An approved announcement and the size of the rendition that a speaker fetches of it."""
    if seconds is None:
        announcement_id = await here.spoken("Một phút", " ".join([TEXT] * MINUTE_TEXTS))
    else:
        sound = await asyncio.to_thread(recording, seconds)
        announcement_id = await here.uploaded("Một giờ", sound)
    announcement = await here.story._get("lan", f"/announcements/{announcement_id}")
    asset = await here.story._get("lan", f"/assets/{announcement['versions'][0]['asset_id']}")
    sizes = {each["codec"]: each["size"] for each in asset["renditions"]}
    return announcement_id, sizes["opus16"]


def recording(seconds: int) -> bytes:
    """Something like speech to an encoder: a voice's harmonics, rising and falling, in syllables with pauses."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_HZ)
        for samples in voice(seconds):
            file.writeframes((samples * 12_000).astype("<i2").tobytes())
    return out.getvalue()


def voice(seconds: int) -> Iterator[np.ndarray]:
    random = np.random.default_rng(1)
    at = np.arange(SAMPLE_HZ) / SAMPLE_HZ
    for second in range(seconds):
        pitch_hz = 120 + 40 * np.sin(second / 3)
        tone = sum(np.sin(2 * np.pi * pitch_hz * n * at) / n for n in range(1, 12))
        syllables = np.clip(np.sin(2 * np.pi * 4 * at + random.uniform(0, 6)), 0, 1)
        yield (0.4 * tone + 0.05 * random.standard_normal(SAMPLE_HZ)) * syllables


async def scheduled(here: Town, announcement_id: str) -> None:
    """Plan it: the order goes out at once, and the content is fetched ahead of its time."""
    day = datetime.now(UTC).date() + timedelta(days=2)
    await here.story._post(
        "lan", "/schedules", announcement_id=announcement_id, times=["09:00"], first_day=day.isoformat()
    )


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
