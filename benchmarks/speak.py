"""From a typed text to its sound: 100 words through the server's own door, beside the bare speech engine.

`python -m benchmarks.speak`: prints, of 20 different texts, the median and the worst time until a browser has the whole
sound in its best encoding (posting the form, then fetching what it names), until the sound is used, and what eSpeak NG
alone needs for the same words.
"""

import argparse
import asyncio
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from audio.speech.espeak import Espeak
from audio.spoken_vi import speak
from devices.site import demo_site, import_site
from server.app import create_app
from server.auth.models import Role
from server.auth.passwords import hash_password
from server.auth.users import create_user
from server.broker import free_port
from server.runtime import Runtime
from server.settings import Settings
from tests.support.httpd import serving

PAGE = "/announcements/new/text"
WORDS = 100
_PASSWORD = "a b e n c h m a r k"
"""Of a server that lives for a minute, on this machine alone."""
_SENTENCE = (
    "Ủy ban nhân dân xã thông báo: ngày {day}/10/2026, từ 17h30 đến 21h, ngành điện cắt điện để sửa đường dây tại các "
    "thôn bản trên địa bàn xã; mong bà con chủ động sắp xếp công việc. "
)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="how many texts")
    rounds = parser.parse_args().rounds
    heard, used, bare = asyncio.run(_measured(rounds))
    sys.stdout.write(f"{WORDS} words, {rounds} texts                     median    worst\n")
    for name, times in (("heard, mastered and encoded", heard), ("used, in all encodings", used), ("eSpeak NG", bare)):
        sys.stdout.write(f"{name:38}  {statistics.median(times):6.2f} s {max(times):6.2f} s\n")
    return 0


def text_of(number: int) -> str:
    """100 words that no other number gives."""
    words = f"Bản tin số {number}. {_SENTENCE.format(day=number % 28 + 1) * 4}".split()
    assert len(words) >= WORDS
    return " ".join(words[:WORDS])


async def _measured(rounds: int) -> tuple[list[float], list[float], list[float]]:
    heard, used, bare = [], [], []
    with TemporaryDirectory() as folder:
        async with _served(Path(folder)) as client:
            for number in range(rounds + 1):
                text = text_of(number)
                began = time.perf_counter()
                await Espeak().speak(speak(text), "vi", 1.0, Path(folder) / "bare.wav")
                spoken_s = time.perf_counter() - began
                began = time.perf_counter()
                form = await _listen(client, text)
                heard_s = time.perf_counter() - began
                await _use(client, form)
                used_s = time.perf_counter() - began
                if number:  # the first only warms the server up
                    heard.append(heard_s)
                    used.append(used_s)
                    bare.append(spoken_s)
    return heard, used, bare


async def _listen(client: httpx.AsyncClient, text: str) -> dict[str, str]:
    """Press “Listen” and fetch the sound; the form as the page gives it back."""
    form = {"text": text, "language": "vi", "voice": "vi", "speed": "1.0", "csrf": client.headers["X-CSRF-Token"]}
    page = (await client.post(PAGE, data=form | {"act": "listen"})).raise_for_status().text
    hidden = dict(re.findall(r'name="(heard|made|source)" value="([^"]+)"', page))
    sound = (await client.get(f"{PAGE}/heard/{hidden['heard']}")).raise_for_status()
    assert sound.content.startswith(b"OggS")
    return form | hidden


async def _use(client: httpx.AsyncClient, form: dict[str, str]) -> None:
    answer = await client.post(PAGE, data=form | {"act": "use"})
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server on a free port, and an operator signed in at it."""
    settings = Settings.model_validate(
        {
            "data_dir": folder / "data",
            "http": {"host": "127.0.0.1", "port": free_port()},
            "broker": {"url": f"mqtt://127.0.0.1:{free_port()}"},
        }
    )
    async with Runtime.start(settings) as runtime:
        await _people(runtime)
        async with (
            serving(create_app(runtime), runtime) as url,
            httpx.AsyncClient(base_url=url, timeout=60) as client,
        ):
            await _sign_in(client)
            yield client


async def _people(runtime: Runtime) -> None:
    async with runtime.database.writing() as session:
        await import_site(session, demo_site())
        await create_user(
            session,
            runtime.clock,
            name="Bench",
            login="bench",
            password_hash=await hash_password(_PASSWORD),
            grants=[(Role.OPERATOR, demo_site().commune_id)],
            must_change=False,
        )
    runtime.places.forget()


async def _sign_in(client: httpx.AsyncClient) -> None:
    await client.post("/sign-in", data={"login": "bench", "password": _PASSWORD, "next": "/"})
    page = (await client.get(PAGE)).raise_for_status().text
    found = re.search(r'"X-CSRF-Token": "([^"]+)"', page)
    assert found, "not signed in"
    client.headers["X-CSRF-Token"] = found[1]


if __name__ == "__main__":
    sys.exit(main())
