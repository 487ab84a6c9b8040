"""`loa conformance`: drives any speaker through the protocol, and says which rules it keeps."""

from pathlib import Path
from typing import Annotated

import typer


def conformance(
    *,
    run: Annotated[
        str | None, typer.Option(help="How to run the device: {config} is its device file as TOML, {json} as JSON.")
    ] = None,
    attach: Annotated[bool, typer.Option("--attach", help="A device beside you: you are told what to do.")] = False,
    rules: Annotated[list[str] | None, typer.Option(help="Only rules with such a name, as power.*; several.")] = None,
    without: Annotated[str, typer.Option(help="What the device does not have, comma between: see --list.")] = "",
    host: Annotated[
        str, typer.Option(help="The address of this machine by which the device reaches it.")
    ] = "127.0.0.1",
    local_url: Annotated[str, typer.Option(help="The local page of an attached device.")] = "",
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, max=16, help="So many devices side by side.")] = 1,
    timeout: Annotated[float, typer.Option(help="The longest one rule may take, in seconds.")] = 180.0,
    boot: Annotated[
        float, typer.Option(help="The longest the device may take from power to hello, in seconds.")
    ] = 30.0,
    patience: Annotated[
        float, typer.Option(min=1, max=20, help="Wait so many times as long, where the machine itself is slow.")
    ] = 1.0,
    keep: Annotated[Path | None, typer.Option(help="Keep the device's files and what it says in this folder.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object at the end instead of lines.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Name every rule and end.")] = False,
) -> None:
    """Judge a speaker by the protocol: 0 every rule is kept, 1 one is broken, 2 the kit could not judge."""
    from server.commands import _judging

    if list_:
        _judging.name_rules()
        return
    if (run is None) != attach:
        raise typer.BadParameter("say either --run COMMAND or --attach")
    code = _judging.judge(
        command=run,
        patterns=tuple(rules or ("*",)),
        without=without,
        host=host,
        local_url=local_url,
        jobs=jobs,
        timeout_s=timeout,
        boot_s=boot,
        patience=patience,
        keep=keep,
        as_json_=json_,
    )
    raise typer.Exit(code)
