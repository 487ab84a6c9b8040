"""Every fuzz target by its name."""

from tests.fuzz import messages, sounds, texts
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = sounds.TARGETS | texts.TARGETS | messages.TARGETS
