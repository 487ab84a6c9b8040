"""`loa audio …`: sound files looked at, mastered, encoded, spoken and made, without any server."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from base.errors import Refused

if TYPE_CHECKING:
    from audio.report import Figures

app = typer.Typer(no_args_is_help=True)

REFUSED = 1
_In = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Any sound file.")]
_Json = Annotated[bool, typer.Option("--json", help="Machine-readable, on standard output.")]


@app.command("inspect")
def inspect_(path: _In, *, as_json: _Json = False) -> None:
    """Say whether a file can go on air, what it measures, and what to be warned about."""
    from audio.files import inspect_file
    from audio.limits import AudioLimits

    try:
        found = asyncio.run(inspect_file(path, AudioLimits()))
    except Refused as refusal:
        _refuse(refusal, as_json=as_json)
    places = {warning.kind.value: [[a / 1000, b / 1000] for a, b in warning.spans] for warning in found.warnings}
    _tell(found.figures, as_json=as_json, warnings=list(places), places=places)


@app.command()
def master(
    path: _In,
    out: Annotated[Path, typer.Argument(help="The WAV file to write: 16 kHz, mono.")],
    profile: Annotated[str, typer.Option(help="voice, music or relay.")] = "voice",
    *,
    quieten: Annotated[bool, typer.Option("--quieten", help="Reduce steady noise.")] = False,
    as_json: _Json = False,
) -> None:
    """Shape a sound for outdoor loudspeakers and level it; tell the figures of the result."""
    from audio.files import master_file
    from audio.limits import AudioLimits

    try:
        figures = asyncio.run(master_file(path, out, AudioLimits(), profile=profile, quieten=quieten))
    except Refused as refusal:
        _refuse(refusal, as_json=as_json)
    _tell(figures, as_json=as_json, warnings=[])


@app.command()
def encode(
    path: _In,
    out: Annotated[Path, typer.Argument(help="The file to write.")],
    rendition: Annotated[str, typer.Option(help="opus16, opus8 or mp3-32.")] = "opus16",
) -> None:
    """Encode a sound as it is, as a class of device fetches it."""
    from audio.files import encode_file
    from audio.limits import AudioLimits

    asyncio.run(encode_file(path, out, AudioLimits(), rendition=rendition))


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What is written; numbers and short forms are said as words.")],
    out: Annotated[Path, typer.Option(help="The file to write: WAV, or what --rendition says.")],
    voice: Annotated[str, typer.Option(help="A voice, or a language for its first voice.")] = "vi",
    speed: Annotated[float, typer.Option(help="1.0 is a clear pace outdoors.")] = 1.0,
    rendition: Annotated[str | None, typer.Option(help="opus16, opus8 or mp3-32.")] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Speak a text as an announcement is spoken, mastered."""
    from audio.files import say as say_
    from audio.limits import AudioLimits
    from audio.speech.registry import SpeechSettings, build_engines

    engines = build_engines(SpeechSettings())
    figures = asyncio.run(say_(text, out, engines, AudioLimits(), voice=voice, speed=speed, rendition=rendition))
    if as_json:
        _tell(figures, as_json=True, warnings=[])


@app.command()
def tone(
    name: Annotated[str, typer.Argument(help="Its name; `list` names them all.")],
    out: Annotated[Path | None, typer.Argument(help="The WAV file to write.")] = None,
) -> None:
    """Write a chime or siren as every speaker makes it."""
    from audio.files import write_tone
    from audio.tones import TONES, duration_ms

    if name == "list":
        for each, made in TONES.items():
            seconds = duration_ms(made.segments, made.repeat, made.gap_ms) / 1000
            sys.stdout.write(f"{each}\t{seconds:g} s\n")
        return
    if out is None:
        raise typer.BadParameter("say where to write it")
    write_tone(name, out)


def _tell(figures: "Figures", *, as_json: bool, **more: Any) -> None:
    told = {
        "ok": True,
        "reason": None,
        "duration_s": figures.duration_ms / 1000,
        "lufs": round(figures.lufs, 2),
        "true_peak_dbtp": round(figures.true_peak_dbtp, 2),
        "clarity": figures.clarity,
    } | more
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    for name, value in told.items():
        if value not in (None, [], {}):
            sys.stdout.write(f"{name}: {value}\n")


def _refuse(refusal: Refused, *, as_json: bool) -> None:
    """Tell why it cannot go on air. Raises Exit, or the refusal itself for people."""
    if not as_json:
        raise refusal
    from server.i18n import translate_error

    told = {"ok": False, "reason": refusal.code.removeprefix("audio."), "message": translate_error("en", refusal)}
    empty: dict[str, Any] = {"duration_s": None, "lufs": None, "true_peak_dbtp": None, "warnings": []}
    sys.stdout.write(json.dumps(told | empty, ensure_ascii=False) + "\n")
    raise typer.Exit(REFUSED)
