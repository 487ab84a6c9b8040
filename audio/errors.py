"""What can be wrong with a sound or a text: every code of this room with its English sentence."""

MESSAGES: dict[str, str] = {
    "audio.asset_unknown": "There is no sound with the id {asset_id}. It may have been removed.",
    "audio.content_unreadable": (
        "The sound {name} on the server's disk cannot be read. Nothing was changed. Tell the administrator: the disk "
        "may be failing, or the file was damaged."
    ),
    "audio.content_unknown": "There is no sound with the hash {sha256} here. It may have been removed.",
    "audio.damaged": (
        "Too much of “{name}” cannot be read ({damaged_percent} % of it). Nothing was kept. "
        "Copy the file again from where it came, or record it again."
    ),
    "audio.decode_failed": (
        "“{name}” could not be read: its contents broke the reader. Nothing was kept. "
        "Save it as MP3 or WAV with another program and upload that."
    ),
    "audio.decode_timeout": (
        "Reading “{name}” took longer than {limit_s} seconds, so it was stopped. Nothing was kept. "
        "Save it as MP3 or WAV, or cut it into parts, and upload again."
    ),
    "audio.dictionary_full": "The dictionary has {limit} words, which is all it can hold. Take one out first.",
    "audio.draft_gone": (
        "What you listened to is no longer kept, because it was not used within {minutes} minutes. "
        "Listen again, then use it."
    ),
    "audio.drafts_busy": (
        "Other texts are still being spoken, {limit} of yours at most. The text is kept. "
        "Wait until one of them can be heard, then listen again."
    ),
    "audio.duration_mismatch": (
        "“{name}” says it lasts {header_s} s, but {decoded_s} s of sound were found. Nothing was kept. "
        "Save it again as MP3 or WAV and upload that."
    ),
    "audio.empty": "“{name}” is empty. Nothing was kept. Choose the file again, or record it again.",
    "audio.engine_missing": (
        "The speech engine “{engine}” is not installed on the server. The text is kept. "
        "Choose another voice, or ask the administrator to install the package {package}."
    ),
    "audio.engine_secret_missing": (
        "The speech engine “{engine}” has no key to its service. The text is kept. Choose another voice, "
        "or ask the administrator to set {variable}."
    ),
    "audio.engine_strayed": (
        "The speech engine “{engine}” sent us to {address}, which its settings do not allow. The text is kept. "
        "Choose another voice, or ask the administrator to allow that host."
    ),
    "audio.engine_twice": "Two speech engines are called “{engine}”. Nothing was started. Give each its own name.",
    "audio.engine_unknown": (
        "There is no speech engine “{engine}”. Nothing was started. Put in the order only what there is: {known}."
    ),
    "audio.engine_unreachable": (
        "The service of the speech engine “{engine}” cannot be reached ({problem}). The text is kept. "
        "Try again, or choose another voice."
    ),
    "audio.entry_not_spoken": (
        "“{said}” is not written as it is said. The dictionary is unchanged. Write it in words: “{suggestion}”."
    ),
    "audio.entry_said_wrong": "What is said needs 1 to {limit} characters. The dictionary is unchanged.",
    "audio.entry_unknown": "“{written}” is not in the dictionary. Nothing was changed.",
    "audio.entry_written_wrong": (
        "A word of the dictionary needs 1 to {limit} characters and begins with a letter or a figure. "
        "The dictionary is unchanged."
    ),
    "audio.mastering_failed": (
        "“{name}” was read, but preparing it for the loudspeakers failed. Nothing was kept. "
        "Try again; if it fails again, tell the administrator."
    ),
    "audio.not_audio": (
        "“{name}” is not a sound file that can be read. Nothing was kept. "
        "Upload an MP3, WAV, M4A, OGG, FLAC, AMR, 3GP or WEBM file."
    ),
    "audio.preview_too_long": (
        "This would sound for longer than {limit_min} minutes, which is more than can be listened to here. "
        "Nothing was changed. Listen only to how each announcement begins and ends, or to them one by one."
    ),
    "audio.profile_unknown": "There is no mastering profile “{profile}”. Choose voice, music or relay.",
    "audio.rendition_unknown": "There is no rendition “{rendition}”. Nothing was written. There are: {known}.",
    "audio.report_unknown": (
        "Nothing is told of the sound with the id {asset_id}: it was kept before sounds were looked into. "
        "It can be listened to and used."
    ),
    "audio.silent": (
        "“{name}” holds no sound that could be heard. Nothing was kept. Check the microphone and record again."
    ),
    "audio.speech_failed": (
        "The speech engine “{engine}” could not speak the text just now. It answered: {answer}. The text is kept. "
        "Try again, or choose another voice."
    ),
    "audio.speech_timeout": (
        "The speech engine “{engine}” took longer than {limit_s} seconds, so it was stopped. The text is kept. "
        "Try again, cut the text into parts, or choose another voice."
    ),
    "audio.speed_wrong": "The speed of speech must be between {lowest} and {highest}.",
    "audio.store_full": (
        "The server's disk is nearly full: {free_mb} MB are free, and sounds are prepared from {needed_mb} MB on. "
        "Nothing was kept, and what is planned goes on. Ask the administrator to make room."
    ),
    "audio.text_empty": "There is no text to speak. Write what is to be heard.",
    "audio.text_too_long": (
        "The text has {length} characters; at most {limit} can be spoken at once. Split it into parts."
    ),
    "audio.text_unspeakable": "Nothing in this text can be spoken. Write it in words.",
    "audio.title_wrong": "A title needs 1 to {limit} characters.",
    "audio.tone_unknown": "There is no tone called “{tone}”.",
    "audio.too_large": "“{name}” is larger than {limit_mb} MB. Nothing was kept. Save it as MP3, or cut it into parts.",
    "audio.too_long": "“{name}” lasts longer than {limit_s} seconds. Nothing was kept. Cut it into parts.",
    "audio.too_short": "“{name}” lasts only {decoded_s} s. Nothing was kept. Record at least {limit_s} s.",
    "audio.trim_outside": (
        "“{name}” lasts {decoded_s} s, so the part from {start_s} s to {end_s} s is not in it. Nothing was kept. "
        "Choose the part again."
    ),
    "audio.trim_wrong": (
        "From {start_s} s to {end_s} s is no part of “{name}”: it must begin at 0 s or later and end after it begins. "
        "Nothing was kept. Choose the part again."
    ),
    "audio.truncated": (
        "“{name}” is cut off: it says it lasts {header_s} s, but only {decoded_s} s are there. Nothing was kept. "
        "Copy or send the whole file again."
    ),
    "audio.voice_file_wrong": (
        "The file {file} of the speech engine “{engine}” is missing or damaged. The text is kept. "
        "Choose another voice, or ask the administrator to put the file there again."
    ),
    "audio.voice_unknown": (
        "There is no voice “{voice}” for the language “{language}”. Choose another, or record a person."
    ),
}
"""Code → English sentence in the user's words: what happened, what is safe, what to do."""
