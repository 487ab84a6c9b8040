"""What this room refuses: every code with its English sentence."""

MESSAGES: dict[str, str] = {
    "devices.already_ordered": (
        "This was ordered already ({kind}). Nothing was ordered twice; open the broadcast to see how far it is."
    ),
    "devices.audience_empty": "No cluster belongs to the chosen places or zones. Nothing was ordered. Choose others.",
    "devices.authority_unknown": (
        "{authority_id} has no signing key here, so nothing can be ordered in its name. Ask the administrator."
    ),
    "devices.bundle_gone": (
        "The file {name} is no longer kept here: it is past its time, or room was needed. Prepare a new one."
    ),
    "devices.bundle_nobody": "There is no device to carry anything to. Nothing was prepared. Choose other villages.",
    "devices.bundle_too_large": (
        "The bundle would be larger than a speaker takes. Nothing was prepared. Prepare one for fewer villages."
    ),
    "devices.bundle_too_many": "A bundle can be for at most {most} devices. Nothing was prepared. Choose fewer.",
    "devices.bundle_unknown": "There is no courier bundle {bundle_id}. It may belong to another commune.",
    "devices.carrier_missing": "Nobody was named. Nothing was noted. Write who takes the bundle along.",
    "devices.cluster_foreign": "The cluster {cluster_id} does not belong to this commune. Nothing was changed.",
    "devices.cluster_unknown": "There is no cluster named {cluster_id}. It may have been removed.",
    "devices.code_expired": (
        "This code has run out: a code holds for 24 hours. Nothing was changed. Have a new one made."
    ),
    "devices.code_for_nothing": (
        "The device {device_id} sounds for no cluster yet. No code was made. Say which clusters it is for."
    ),
    "devices.code_unknown": (
        "This code is not known here. Nothing was changed. Type it again as it is shown; a newer code for the same "
        "device has made an older one void."
    ),
    "devices.code_used": (
        "This code was used by another board already. Nothing was changed. If that was not you, revoke the device; "
        "have a new code made."
    ),
    "devices.config_wrong": (
        "The settings of {device_id} do not fit: volume 0 to 100 %, a heartbeat every 5 to 3600 seconds, at most 16 "
        "spans of a day, and the critical charge not above the low one. Nothing was changed."
    ),
    "devices.contact_wrong": (
        "The hours or the rate do not fit: each span runs from an earlier to a later time of one day, a device with "
        "contact hours has at least one, and a rate is above zero. Nothing was changed."
    ),
    "devices.content_spoilt": (
        "A sound in the store is damaged ({name}). Nothing was prepared. Ask the administrator to look at the disk."
    ),
    "devices.content_unknown": "No order in force names this content, so it is not given out.",
    "devices.device_foreign": (
        "The device {device_id} is enrolled in {commune_id}. Nothing was changed. Revoke it there first."
    ),
    "devices.device_unknown": "There is no device named {device_id}. It may have been removed.",
    "devices.exchange_refused": (
        "Nothing of what {device_id} sent could be taken: it was not signed by it, or was said before. "
        "Nothing was changed."
    ),
    "devices.key_announced": (
        "{kid} is announced already. Nothing was changed. Take it into use before another one is made."
    ),
    "devices.key_bound": (
        "{count} orders in force are signed by {kid} or an older key, the last of them until {until}. Nothing was "
        "changed. Retire it after that, or cancel them."
    ),
    "devices.key_missing": (
        "The signing key {kid} is not in this server's key directory, so nothing can be ordered. "
        "Put it back from your backup and start the server again."
    ),
    "devices.key_none_announced": (
        "No new key of {authority_id} is announced, so there is none to take into use. Announce one first."
    ),
    "devices.key_none_old": "{authority_id} has no key but the one that signs, so there is none to retire.",
    "devices.key_not_everywhere": (
        "{count} devices, {example} among them, have not shown yet that they know {kid}; they would refuse what it "
        "signs until they do. Nothing was changed. Wait until they have it, or insist."
    ),
    "devices.log_moved": "Another order went into the log {log} at the same moment. Nothing was ordered. Try again.",
    "devices.name_bad": "“{name}” cannot be a name here: use small letters a-z, digits and hyphens, at most 48.",
    "devices.name_reserved": "Names that begin with “{prefix}” are Loa's own. Nothing was changed. Choose another.",
    "devices.order_expired": "The order would be over before it is given. Nothing was ordered. Choose a later time.",
    "devices.order_refused": "No speaker would accept this order ({reason}). Nothing was ordered.",
    "devices.order_too_large": (
        "The order is larger than the {max_size} bytes a speaker takes. Nothing was ordered. "
        "Choose fewer parts or name fewer clusters."
    ),
    "devices.place_unknown": "There is no place named {place_id}.",
    "devices.position_wrong": (
        "A position is degrees north and degrees east, such as 22.561, 104.242. Nothing was changed. Write both."
    ),
    "devices.proof_wrong": "The board did not prove that the key it brought is its own. Nothing was changed.",
    "devices.return_unknown": (
        "The file says it comes from {device_id}, which is not enrolled here. Nothing was taken from it."
    ),
    "devices.route_unknown": "There is no courier route named {route_id} in this commune.",
    "devices.route_wrong": (
        "The route needs a name, and its visits a weekday and a time each; the way takes at most two weeks, and "
        "a bundle is prepared at most a week ahead. Nothing was changed."
    ),
    "devices.site_bad": "The site description is wrong at {where}: {problem}. Nothing was changed.",
    "devices.zone_unknown": "There is no zone named {zone_id}. It may have been removed.",
}
