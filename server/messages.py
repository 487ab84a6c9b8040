"""Code → English sentence for what the server itself refuses: what happened, what is safe, what to do."""

MESSAGES: dict[str, str] = {
    "server.clash_span": "Clashes can be asked for of at most {days} days, the first before the last.",
    "server.announcement_content": (
        "Give either versions or the composition of a session, and only one of them. Nothing was saved."
    ),
    "server.body_too_large": (
        "What was sent is larger than {limit_mb} MB, so it was not taken. Nothing was kept. Send something smaller."
    ),
    "server.broker_port_taken": (
        "Something else listens at {host}:{port}, where the broker is to listen. Nothing was started. End it, give "
        "another broker.port, or name the broker with --broker."
    ),
    "server.broker_silent": "The broker was started and does not answer; its own words are in {log}.",
    "server.broker_unnamed": "No MQTT broker is named. Set broker.url to mqtt://host:1883 and start again.",
    "server.certificate_missing": "The certificate in {path} cannot be read. Nothing was changed.",
    "server.child_ended": "The process “{name}” ends again and again; its own words are in {log}.",
    "server.config_missing": "There is no settings file at {path}.",
    "server.config_wrong": "The settings file {path} cannot be read: {problem}.",
    "server.csrf_failed": "This form is no longer valid. Nothing was changed. Open the page again and repeat the step.",
    "server.database_busy": "The database did not answer in time. Nothing was changed. Try again in a moment.",
    "server.database_not_ready": (
        "There is no database of this version of Loa ({revision}). Nothing was made or changed. Run the server once, "
        "so that it makes or upgrades it."
    ),
    "server.database_newer": (
        "This database was written by a newer version of Loa ({revision}). Nothing was changed. Start that version."
    ),
    "server.dictionary_line": (
        "This line of the dictionary has no tab between what is written and what is said: “{line}”. Nothing was read."
    ),
    "server.demo_refused": "The server answered {path} with {status}: {reason}",
    "server.demo_waited": "Waited {seconds} s for {what} in vain; look into the logs of the demo's folder.",
    "server.foreign_origin": "This form came from another site ({origin}). Nothing was changed.",
    "server.host_wrong": "“{host}” is neither a host's name nor its address: write loa.example.vn or 10.0.0.5.",
    "server.gap_wrong": (
        "A pause is a number of seconds, like 0.7. Nothing was saved, and what you typed is still here. Correct it."
    ),
    "server.idempotency_key_wrong": "An Idempotency-Key has 8 to 128 visible characters.",
    "server.idempotency_mismatch": (
        "This Idempotency-Key was used before for something else. Nothing was changed. Use a new key."
    ),
    "server.input_wrong": "Some values are missing or wrong. Nothing was changed. Correct them and send again.",
    "server.login_taken": "Somebody already signs in as “{login}”. Choose another login.",
    "server.login_wrong": "A login has 1 to 48 characters: a–z, 0–9 and hyphens.",
    "server.method_unknown": "This address does not answer to {method}.",
    "server.no_broker": (
        "There is neither Mosquitto nor nats-server here. Install Mosquitto, or name a broker with --broker."
    ),
    "server.not_allowed": "You may not do this here. Ask an administrator for the role you need.",
    "server.not_signed_in": "You are not signed in, or your session has ended. Sign in and repeat the step.",
    "server.not_yourself": "Nobody changes their own roles or account. Ask another administrator.",
    "server.page_unknown": "There is nothing at this address. It may have been removed.",
    "server.password_change_needed": "Your password is for one use. Choose your own before you go on.",
    "server.password_length": "A password needs {shortest} to {longest} characters.",
    "server.password_weak": "This password is too easy to guess. Choose another.",
    "server.password_wrong": "The login or the password is wrong, or the account is closed. Try again.",
    "server.place_unknown": "There is no place “{place}”.",
    "server.port_taken": (
        "The console cannot listen at {host}:{port}: {problem}. Nothing was started. Choose another with --port."
    ),
    "server.precondition_needed": "Say which revision you change: send If-Match with the ETag you were given.",
    "server.preview_codec": (
        "The controller there plays only {codecs}, and some sound of this is in none of these: it would refuse it. "
        "Nothing was changed. Listen as another cluster, or prepare that sound again."
    ),
    "server.clock_wrong": (
        "A time in the session is minutes and seconds after it begins, such as 12:30. Nothing was saved; what you "
        "typed is still here."
    ),
    "server.minutes_wrong": (
        "The length of a relay is a number of minutes, such as 30. Nothing was saved; what you typed is still here."
    ),
    "server.preview_live": (
        "All of this is live, so there is nothing to listen to yet. Nothing was changed. Try the station on its own "
        "page."
    ),
    "server.preview_silent": (
        "Some sound of “{title}” is missing, so it cannot be heard yet. Nothing was changed. Look at what it is made "
        "of and add the sound."
    ),
    "server.stream_answer": (
        "“{name}” answered with {status} instead of a stream. Nothing was changed. Check the address with the station."
    ),
    "server.stream_busy": "{limit} streams are being tried just now. Nothing was changed. Try again in a moment.",
    "server.stream_empty": "“{name}” was opened, but nothing came. Nothing was changed. Try again, or ask the station.",
    "server.stream_list": (
        "The address of “{name}” gives a play list, not a stream; speakers do not read those. Nothing was changed. "
        "Open the list with a text editor, and take the address that stands in it."
    ),
    "server.stream_unknown": (
        "Nobody knows an address for “{host}” of “{name}”. Nothing was changed. Check how it is written, and whether "
        "the server has the internet."
    ),
    "server.stream_unreachable": (
        "“{name}” could not be opened ({problem}). Nothing was changed. Check the address, and whether the station is "
        "on air."
    ),
    "server.secret_missing": "The secret in {path} cannot be read.",
    "server.sound_work_full": (
        "{limit} sounds of this commune are being prepared; there is no room for more just now. Nothing was kept. "
        "Send it again when some of them are done."
    ),
    "server.sound_work_unknown": (
        "Nothing is known of this sound's preparation: the server was started again before it was done, or it ended "
        "over an hour ago. If the sound is not there, nothing of it was kept: send it again."
    ),
    "server.sound_work_yours": (
        "{limit} of your sounds are still being prepared. Nothing was kept. Wait until one is done, or cancel one, and "
        "send it again."
    ),
    "server.too_many_enrolments": (
        "Too many codes were tried. Nothing was changed. Wait {wait_s} seconds, then type the code again."
    ),
    "server.too_many_files": "At most {most} files can be given up at once. Nothing was taken. Send them in parts.",
    "server.too_many_exchanges": "Too many requests of this speaker. Nothing was taken. It asks again in {wait_s} s.",
    "server.too_many_sign_ins": "Too many attempts to sign in. Wait {wait_s} seconds, then try again.",
    "server.disk_full": (
        "The server's disk is full. What you did may not have been done; what the speakers have goes on. "
        "Ask the administrator to make room."
    ),
    "server.unexpected": (
        "Something went wrong here that was not foreseen. What you did may not have been done: look before you repeat "
        "it. Tell the administrator this number: {request_id}."
    ),
    "server.upload_missing": "No file came with the form. Choose a file and send again.",
    "server.user_unknown": "There is no such person.",
}
