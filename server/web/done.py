"""What a page says after something was done (pure)."""

from server.i18n.catalogue import N_

DONE = {
    "saved": N_("Saved."),
    "airing_changed": N_("Changed. What the speakers have is replaced."),
    "airing_off": N_("Called off. What the speakers have is cancelled."),
    "copied": N_("Copied. The speakers get their orders ahead of time."),
    "undone": N_("The change is undone. People hear again what they would have heard."),
    "paused": N_("The pause is saved. What the speakers have for it is cancelled there."),
    "pause_ended": N_("The pause is ended. What was still to come is heard again."),
    "placed": N_("Saved. Areas that are drawn take it in from now on."),
    "draft_made": N_("The draft is there. Nothing of it is heard before it is published."),
    "draft_changed": N_("The draft is changed. What is in force stays as it is."),
    "draft_refreshed": N_("The draft goes on from the schedules as they are now."),
    "draft_refreshed_less": N_(
        "The draft goes on from the schedules as they are now. Some airings it changed are no more: look it through."
    ),
    "draft_published": N_("The week is in force. One undo takes all of it back."),
    "draft_discarded": N_("The draft is thrown away. What is in force stays as it is."),
    "bulk_done": N_("All of them are changed. One undo takes it back."),
    "word_out": N_("The word is out of the dictionary. It is said by the common rules again."),
    "configured": N_("Saved. The controller is told at once, or when it is heard again."),
    "key_announce": N_("Announced. Use the key when every controller knows it."),
    "key_use": N_("The new key signs from now on."),
    "key_retire": N_("The old key is retired."),
    "submitted": N_("Sent to the approver. Nothing is broadcast before it is approved."),
    "signed": N_("The signature is good. It can now be approved."),
    "approved": N_("Approved. It can now be broadcast or given a schedule."),
    "sent_back": N_("Sent back to its author."),
    "archived": N_("Archived."),
    "written": N_("Saved as a draft. Listen once more, then ask for approval."),
    "relay_added": N_("The station is saved. Try its stream, then relay it."),
    "relay_changed": N_("Saved. The sessions that relay it are drafts again and need a new approval."),
    "relay_retired": N_("The station is retired."),
    "scheduled": N_("The schedule is saved; the speakers get their orders ahead of time."),
    "ended": N_("The schedule is ended; its future times are called off."),
    "cancelled": N_("The order to stop is on its way."),
    "stopped_all": N_("The order to stop is on its way to every cluster."),
    "sound_cancelled": N_("Cancelled. Nothing of that sound was kept."),
    "password": N_("Your password is changed. Everywhere else you are signed out."),
    "signed_out": N_("You are signed out everywhere else."),
    "closed": N_("The account is closed."),
    "opened": N_("The account is open again."),
    "countersigned": N_("Countersigned. Your name is recorded."),
    "decided": N_("Decided. What speakers already have is replaced where it has to be."),
    "all_clear": N_("The all clear is on its way."),
    "stopped": N_("The order to stop is on its way."),
}

UNDOABLE = frozenset({"airing_changed", "airing_off", "bulk_done", "copied", "draft_published", "ended"})
"""What is a change of the programme, and so can be undone."""
