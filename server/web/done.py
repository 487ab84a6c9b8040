"""What a page says after something was done (pure)."""

from server.i18n.catalogue import N_

DONE = {
    "saved": N_("Saved."),
    "word_out": N_("The word is out of the dictionary. It is said by the common rules again."),
    "configured": N_("Saved. The controller is told at once, or when it is heard again."),
    "key_announce": N_("Announced. Use the key when every controller knows it."),
    "key_use": N_("The new key signs from now on."),
    "key_retire": N_("The old key is retired."),
    "submitted": N_("Sent to the approver. Nothing is broadcast before it is approved."),
    "approved": N_("Approved. It can now be broadcast or given a schedule."),
    "sent_back": N_("Sent back to its author."),
    "archived": N_("Archived."),
    "written": N_("Saved as a draft. Listen once more, then ask for approval."),
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
    "all_clear": N_("The all clear is on its way."),
    "stopped": N_("The order to stop is on its way."),
}
