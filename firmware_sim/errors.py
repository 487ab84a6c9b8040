"""What can be wrong with a speaker's own file or its controls: codes and their English texts."""

MESSAGES: dict[str, str] = {
    "firmware.settings_missing": (
        "The device file {file} cannot be read: {problem}. Give the path of a file written at enrolment."
    ),
    "firmware.settings_invalid": (
        "The device file {file} is wrong at {field}: {problem}. Nothing was started; correct it and try again."
    ),
    "firmware.enrol_answer": (
        "{server} gave no answer that could be used: {problem}. Nothing was changed; try again, the code still holds."
    ),
    "firmware.enrol_plain": (
        "{server} is not on the local network, and without https somebody between could take this board's place. "
        "Nothing was sent. Use an https address, or say --plain."
    ),
    "firmware.enrol_refused": "{server} did not take this board in: {problem}",
    "firmware.fleet_empty": "No device files (*.toml) were found in {folder}. Nothing was started.",
    "firmware.control_unreachable": (
        "No running swarm answers at {socket}: {problem}. Start one with --control, or check the path."
    ),
    "firmware.control_refused": "The swarm refused the command: {problem}. Nothing was changed.",
    "firmware.device_unknown": "There is no device named {device} in this swarm.",
    "firmware.fault_unknown": "{kind} is no fault that can be simulated; known are {known}.",
    "firmware.flash_failed": "The flash store at {file} cannot be used: {problem}. What was kept before is untouched.",
    "firmware.local_port": (
        "The local page cannot be shown at {bind}:{port}: {problem}. The speaker works without it; choose another port."
    ),
    "firmware.output_unknown": "{output} is no kind of output; use virtual, wav or sound.",
    "firmware.sound_card": "The sound card cannot be opened: {problem}. Check the device, or use --output virtual.",
}
