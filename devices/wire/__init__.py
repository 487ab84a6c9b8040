"""The protocol loa/1 as code: topics, envelope, messages, and the rules of playing; shared with every speaker.

Nothing here does I/O, and nothing here knows the server or the reference speaker.
"""
