"""What can be wrong with approving and with signed bulletins: codes with their English sentences."""

APPROVAL: dict[str, str] = {
    "schedules.approve_by_administrator": (
        "“{title}” may be approved only by an administrator of this place, by the rule for its class. Nothing was "
        "changed. Ask one of them."
    ),
    "schedules.approve_by_approver": (
        "“{title}” may be approved only by an approver of this place, by the rule for its class. Nothing was changed. "
        "Ask one of them."
    ),
    "schedules.approve_own": (
        "Whoever wrote or changed “{title}” cannot approve it, by the rule for its class. Nothing was changed. "
        "Ask somebody else who may approve."
    ),
    "schedules.approve_unsigned": (
        "“{title}” is approved with a signed PDF, by the rule for its class, and there is none of what it says now. "
        "Nothing was changed. Download the PDF, sign it, and hand it in first."
    ),
    "schedules.approver_rule_wrong": (
        "A rule of approval names a class (background, normal, priority) and approvers, administrators or both. "
        "Nothing was changed."
    ),
    "schedules.certificate_known": "The certificate of “{name}” is already there. Nothing was changed.",
    "schedules.certificate_large": "A certificate has at most {limit_kib} KiB. Nothing was changed.",
    "schedules.certificate_name": "A name has at most {limit} characters. Nothing was changed.",
    "schedules.certificate_unknown": "There is no certificate with the id {id}.",
    "schedules.certificate_unreadable": (
        "This is not one certificate in PEM or DER form. Nothing was changed. Export it again without its key."
    ),
    "schedules.certificate_weak": (
        "The key of this certificate is too weak: RSA of at least {bits} bits, an elliptic curve, or Ed25519. "
        "Nothing was changed."
    ),
    "schedules.certificates_count": "At most {limit} certificates count in one place. Retire some first.",
    "schedules.signature_unknown": "There is no signed PDF with the id {id}.",
    "schedules.signed_changed": (
        "This PDF is not what was signed, or holds more than our text and signatures: something was changed before or "
        "after. It was not kept. Download the PDF again and sign that."
    ),
    "schedules.signed_encrypted": "This PDF is encrypted. It was not kept. Sign it without a password.",
    "schedules.signed_expired": (
        "The certificate of {signer} was not valid when it signed. The PDF was not kept. Sign with a valid one."
    ),
    "schedules.signed_large": "A signed PDF has at most {limit_mb} MB. It was not kept.",
    "schedules.signed_not_submitted": "“{title}” does not wait for approval. The PDF was not kept.",
    "schedules.signed_nothing": "This PDF bears no signature. It was not kept. Sign it with your signing tool first.",
    "schedules.signed_other": (
        "This is not the PDF of what the announcement says now, or the tool wrote it anew instead of adding to it. "
        "It was not kept. Download the PDF again and sign that."
    ),
    "schedules.signed_revoked": "The certificate of {signer} was revoked. The PDF was not kept.",
    "schedules.signed_stranger": (
        "The signature of {signer} leads to no certificate that counts here. The PDF was not kept. An administrator "
        "can add the certificate under the rules of approval."
    ),
    "schedules.signed_time": (
        "The signature says it was made at {time}: before this version was written, or ahead of now. The PDF was not "
        "kept. Set the clock of that machine and sign again."
    ),
    "schedules.signed_unreadable": (
        "This is no PDF, or it is damaged ({part}). It was not kept. Sign and hand in again."
    ),
    "schedules.signed_weak": "The signature was made by a method that is no longer safe. The PDF was not kept.",
    "schedules.signing_no_certificates": (
        "No certificate counts here yet, so no signature can be checked. An administrator adds them under the rules of "
        "approval."
    ),
}
