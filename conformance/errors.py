"""What keeps the kit from judging: every code with its English sentence."""

MESSAGES: dict[str, str] = {
    "conformance.command_bad": (
        "The command to run the device must name its device file as {{config}} (TOML) or {{json}}. Nothing was run."
    ),
    "conformance.device_gone": (
        "The device ended by itself, exit code {returncode}. Nothing more can be judged. What it said last: {said}"
    ),
    "conformance.device_silent": (
        "The device did not say hello within {seconds} s of its start, so nothing can be judged. "
        "Check the command, and what the device says in {log}."
    ),
    "conformance.need_unknown": "A device cannot be said to be without that: {problem}. Nothing was run. Say {known}.",
    "conformance.no_rules": "No rule is named like “{pattern}”. Nothing was run. `--list` names them all.",
    "conformance.no_broker": "The kit cannot reach its broker at {host}:{port}. Nothing was judged. Check the address.",
}
