from server.i18n.check import find_problems, wanted_entries


def test_every_sentence_has_its_vietnamese_and_none_is_left_over():
    assert list(find_problems()) == []


def test_the_check_reads_templates_code_and_errors():
    found = {key[1] for key, _ in wanted_entries()}

    assert {"Broadcast now", "Today", "audio.not_audio", "schedule_ended"} <= found
