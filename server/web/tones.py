"""What tones are called on the screen (pure)."""

from server.i18n.catalogue import N_

TONE_WORDS = {
    "chime": N_("chime, two notes"),
    "gong": N_("gong, three notes"),
    "closing": N_("closing, two notes going down"),
    "station": N_("station signal, four notes going up"),
    "siren-flood": N_("flood siren"),
    "siren-storm": N_("storm siren"),
    "siren-extreme": N_("extreme danger siren"),
    "evacuate": N_("evacuation signal"),
    "sweep-up": N_("siren going up"),
    "sweep-down": N_("siren going down"),
    "warble": N_("warbling siren"),
    "all-clear": N_("all clear"),
    "drill": N_("drill beeps"),
}
