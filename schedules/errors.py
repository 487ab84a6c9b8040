"""What can be wrong with a programme or an emergency: every code of this room with its English sentence."""

from schedules.approval_errors import APPROVAL
from schedules.programme_errors import PROGRAMME

_OTHERS: dict[str, str] = {
    "schedules.already_countersigned": "This emergency was already countersigned. Nothing was changed.",
    "schedules.announcement_fallback": (
        "This announcement sounds instead of “{name}” when that station is silent. Nothing was changed. "
        "Choose another one there first."
    ),
    "schedules.announcement_issued": (
        "{airings} coming airings of this announcement are already with the speakers. Nothing was changed. "
        "End its schedules or cancel those airings first, or write a new announcement."
    ),
    "schedules.announcement_scheduled": (
        "This announcement still has {schedules} running schedules. Nothing was changed. End them first."
    ),
    "schedules.announcement_unknown": "There is no announcement with the id {id}. It may have been removed.",
    "schedules.asset_unknown": "The sound {asset_id} does not exist here. Upload it, or choose another.",
    "schedules.audience_too_long": (
        "The audience names too many clusters one by one to fit into one order. Choose villages or groups instead."
    ),
    "schedules.audience_unknown": "“{name}” is no village, group or cluster here. Nothing was sent. Choose again.",
    "schedules.class_not_allowed": (
        "An announcement is background, normal or priority. Emergencies are started on their own page."
    ),
    "schedules.comment_missing": "Write what is to be changed, so that the author knows.",
    "schedules.content_mixed": (
        "“{title}” has either sounds of its own or a session's composition, and stays of its kind. "
        "Nothing was changed. Write a new one."
    ),
    "schedules.countersign_self": (
        "The person who started an emergency cannot countersign it. Ask somebody else who may start emergencies."
    ),
    "schedules.emergency_over": "This emergency is already over ({state}). Nothing was sent.",
    "schedules.emergency_unknown": "There is no emergency with the id {id}.",
    "schedules.is_emergency": "This airing belongs to an emergency. Stop it, or give the all clear, on its own page.",
    "schedules.language_wrong": "“{language}” is not a language code such as vi, tay or hmn.",
    "schedules.level_wrong": "The level of origin is 1 (commune), 2 (province) or 3 (country).",
    "schedules.no_versions": "An announcement needs its sound in at least one language.",
    "schedules.nobody_meant": "There is no cluster in this audience, so nobody would hear it. Choose again.",
    "schedules.not_approved": "“{title}” is not approved. It was not sent. Ask the approver first.",
    "schedules.occurrence_over": "This airing is already past. Nothing was changed.",
    "schedules.occurrence_unknown": "There is no airing with the id {id}.",
    "schedules.place_unknown": "There is no place called “{place_id}”.",
    "schedules.relay_address_private": (
        "“{host}” lies in a private network. Nothing was saved. Give the station's public address, or ask who runs the "
        "server to allow private networks."
    ),
    "schedules.relay_address_secret": (
        "The address holds a user name or a password, which every speaker and everybody with its order could read. "
        "Nothing was saved. Ask the station for an address without one."
    ),
    "schedules.relay_address_wrong": (
        "That is no address of a stream: it begins with http:// or https://, holds no spaces or accents, and has at "
        "most {limit} characters. Nothing was saved."
    ),
    "schedules.relay_changed": (
        "Somebody changed “{name}” since you opened it. Nothing of yours was saved. Look again, then change it."
    ),
    "schedules.relay_issued": (
        "{airings} coming airings that relay this station are already with the speakers. Nothing was changed. Cancel "
        "them first; or add another station with the new address, compose a session of it, and schedule that instead."
    ),
    "schedules.relay_length_wrong": (
        "A relay lasts from {least_s} seconds to {limit_min} minutes. Nothing was saved. Give another length."
    ),
    "schedules.relay_name_wrong": "A station needs a name of 1 to {limit} characters. Nothing was saved.",
    "schedules.relay_no_fallback": (
        "“{name}” has no announcement that sounds when its stream is dead, so people would hear nothing. It was not "
        "approved. Give the station one first."
    ),
    "schedules.relay_again_wrong": (
        "The fallback sounds anew at once or after {limit_s} seconds at most, or once only. Nothing was saved."
    ),
    "schedules.relay_quiet_wrong": (
        "A station may be silent for {least_s} to {limit_s} seconds before something else sounds. Nothing was saved."
    ),
    "schedules.relay_retired": "“{name}” is retired. Nothing was changed. Choose another station.",
    "schedules.relay_scheduled": (
        "{schedules} running schedules relay this station. Nothing was changed. End them, or give them another session."
    ),
    "schedules.relay_too_many": "There are {limit} stations already. Nothing was saved. Retire one first.",
    "schedules.relay_unknown": "There is no station with the id {id} here. Nothing was changed. Choose another.",
    "schedules.session_dead_air": (
        "“{title}” begins {at} after the session begins, but what comes before is over at {earliest} where people hear "
        "the languages {languages}: {silent_s} seconds of silence, of {limit_s} at most. Nothing was saved. Put "
        "background music before it, or begin it earlier."
    ),
    "schedules.session_fixed_late": (
        "“{title}” is to begin {at} after the session begins, but where people hear the languages {languages}, what "
        "comes before lasts until {earliest}. Nothing was saved. Begin it then or later, or shorten what comes before."
    ),
    "schedules.session_gap_wrong": "A pause within a session lasts 0 to {limit_s} seconds. Nothing was saved.",
    "schedules.session_identification_twice": (
        "The announcement that says who is speaking is already at the beginning of the session. Nothing was saved. "
        "Take it out of the list."
    ),
    "schedules.session_item_archived": (
        "“{title}” was put away and cannot stand in a session. Nothing was saved. Choose another announcement."
    ),
    "schedules.session_item_unknown": (
        "The announcement {id} does not exist here. Nothing was saved. Choose one of this place."
    ),
    "schedules.session_items_count": "A session consists of 1 to {limit} announcements. Nothing was saved.",
    "schedules.session_items_not_approved": (
        "In the session “{title}” these are not approved: {items}. Nothing was changed or sent. Have them approved "
        "first, or take them out."
    ),
    "schedules.session_music_endless": (
        "Nothing says how long the music “{title}” goes on. Nothing was saved. Give it an end, or give what follows a "
        "time to begin."
    ),
    "schedules.session_music_over": (
        "The music “{title}” ends at {at}, but what comes before it lasts until {earliest}, so nobody would hear it. "
        "Nothing was saved. Let it end later, or take it out."
    ),
    "schedules.session_nested": (
        "“{title}” is a session itself and cannot stand in another one. Nothing was saved. Choose its announcements."
    ),
    "schedules.session_time_wrong": (
        "A time inside a session lies between 1 second and {limit_min} minutes after it begins. Nothing was saved."
    ),
    "schedules.session_times_lost": (
        "With this change the approved session “{session}” could not air as it is: something in it would begin late, "
        "silence before a fixed time would be too long, or it would be too large. Nothing was saved. Change the "
        "session first, or take this announcement out of it."
    ),
    "schedules.session_tone_wrong": (
        "“{tone}” cannot open or close a session. Nothing was saved. Choose one of: {tones}."
    ),
    "schedules.session_too_large": (
        "This session has too many announcements and languages to fit into one order. Nothing was changed. "
        "Make two sessions of it."
    ),
    "schedules.stale_revision": (
        "Somebody changed this in the meantime (you saw version {seen}, now it is {current}). "
        "Your change was not saved. Look at the new version first."
    ),
    "schedules.status_wrong": "An emergency is either real or a drill.",
    "schedules.step_not_possible": (
        "An announcement that is {state} cannot take the step “{action}”. Nothing was changed."
    ),
    "schedules.template_changed": "The words of “{title}” were changed while they were being spoken. Try again.",
    "schedules.template_not_alarm": "“{title}” ends an emergency; it cannot start one. Choose an alarm.",
    "schedules.template_unknown": "There is no emergency template with the id {id}.",
    "schedules.title_wrong": "A title needs 1 to {limit} characters.",
}

MESSAGES = _OTHERS | PROGRAMME | APPROVAL
"""Code → English sentence in the user's words: what happened, what is safe, what to do."""

REASONS: dict[str, str] = {
    "by_hand": "Called off by hand.",
    "cleared": "Ended by the all clear.",
    "expired": "Its time ran out.",
    "items_not_approved": "An announcement in its session was not approved in time.",
    "no_longer_planned": "The rule of its schedule no longer falls on this time.",
    "nobody_meant": "No cluster belonged to its audience any more.",
    "not_approved": "Its announcement was not approved in time.",
    "outside_hours": "It would not lie within the permitted hours.",
    "paused": "Everyone it was for was to be left in peace.",
    "replaced": "It was changed: another airing takes its place.",
    "schedule_ended": "Its schedule was ended.",
    "stopped": "Stopped by hand.",
    "too_many_blocks": "The day had as many programme blocks as are permitted.",
    "too_many_minutes": "It would have been longer than is permitted.",
    "too_late": "The server was not running when its order was due.",
}
"""Why an occurrence was called off or did not air, as `Occurrence.reason` keeps it.

It may also be a person's own words, or the code of the error that kept its order from being written.
"""
