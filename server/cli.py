"""The command `loa`: nouns and verbs, data to standard output, messages to standard error.

Exit codes: 0 done, 1 refused or failed (the reason is on standard error), 2 wrong use.
"""

import sys

import typer

from server.commands import (
    audio,
    broker,
    conformance,
    courier,
    demo,
    device,
    health,
    keys,
    report,
    schedule,
    serve,
    simulate,
    speaker,
    text,
    user,
)

app = typer.Typer(
    name="loa",
    help="Loudspeaker broadcast control for communes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("conformance")(conformance.conformance)
app.command("health")(health.health)
app.command("simulate", context_settings=simulate.CONTEXT, add_help_option=False)(simulate.simulate)
app.command("speaker", context_settings=speaker.CONTEXT, add_help_option=False)(speaker.speaker)
app.add_typer(device.app, name="device", help="Enrol clusters and gateways; make their device files.")
app.add_typer(keys.app, name="keys", help="Keys by which authorities sign, and how one follows another.")
app.add_typer(courier.app, name="courier", help="Bundles carried by hand, and the return files they bring back.")
app.add_typer(audio.app, name="audio", help="Sound files looked at, mastered, encoded, spoken and made.")
app.add_typer(schedule.app, name="schedule", help="When the rules of the programme come true.")
app.add_typer(report.app, name="report", help="What was planned, and what is proved of it.")
app.add_typer(text.app, name="text", help="How a written text is said aloud.")
app.add_typer(user.app, name="user", help="People who may sign in.")
app.add_typer(broker.app, name="broker", help="Credentials and permissions for an MQTT broker.")


def main() -> None:
    """Run the command line; what people can put right ends it with a sentence instead of a traceback."""
    try:
        app()
    except Exception as error:
        from server.commands._failing import sentence

        said = sentence(error)
        if said is None:
            raise
        sys.stderr.write(f"loa: {said}\n")
        raise SystemExit(1) from error
