"""What this room refuses: every code with its English sentence."""

MESSAGES: dict[str, str] = {
    "devices.already_ordered": (
        "This was ordered already ({kind}). Nothing was ordered twice; open the broadcast to see how far it is."
    ),
    "devices.audience_empty": "No cluster belongs to the chosen places or zones. Nothing was ordered. Choose others.",
    "devices.authority_unknown": (
        "{authority_id} has no signing key here, so nothing can be ordered in its name. Ask the administrator."
    ),
    "devices.cluster_foreign": "The cluster {cluster_id} does not belong to this commune. Nothing was changed.",
    "devices.cluster_unknown": "There is no cluster named {cluster_id}. It may have been removed.",
    "devices.content_unknown": "No order in force names this content, so it is not given out.",
    "devices.device_foreign": (
        "The device {device_id} is enrolled in {commune_id}. Nothing was changed. Revoke it there first."
    ),
    "devices.device_unknown": "There is no device named {device_id}. It may have been removed.",
    "devices.key_missing": (
        "The signing key {kid} is not in this server's key directory, so nothing can be ordered. "
        "Put it back from your backup and start the server again."
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
    "devices.site_bad": "The site description is wrong at {where}: {problem}. Nothing was changed.",
    "devices.zone_unknown": "There is no zone named {zone_id}. It may have been removed.",
}
