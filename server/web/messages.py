"""Code → English sentence for what only the console refuses."""

MESSAGES: dict[str, str] = {
    "server.airing_single": (
        "No schedule made this airing, so there is nothing to change. It can be stopped or called off on its page."
    ),
    "server.change_nothing": "Nothing of it is different. Nothing was changed. Change something first.",
    "server.copy_same": "These are the same days. Nothing was copied. Choose other days to copy to.",
    "server.date_wrong": "“{date}” is not a day. Nothing was saved. Choose a day from the calendar.",
    "server.no_commune": (
        "There is no commune here that you may see. Ask an administrator to add one, or to give you a role in it."
    ),
    "server.not_held": "The button was not held, so nothing was broadcast. Tick the box to confirm, or go back.",
    "server.passwords_differ": "The two new passwords are not the same. Nothing was changed. Type them again.",
    "server.roles_missing": "Choose at least one role. Nothing was saved.",
    "server.weekdays_missing": "A weekly schedule needs at least one weekday. Nothing was saved. Tick one.",
}
