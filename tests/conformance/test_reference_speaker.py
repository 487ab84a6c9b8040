"""The reference speaker keeps every rule, and the command says so as scripts want to hear it."""

import json
import sys

from conformance.registry import RULES
from conformance.standing import STANDING
from tests.conformance.judging import REFERENCE, loa_conformance


def test_the_reference_speaker_keeps_every_rule():
    code, report, said = loa_conformance("--run", REFERENCE, "-j", "5", "--patience", "5")
    assert report["broken"] == [], json.dumps(report["broken"], indent=1)
    assert report["skipped"] == [], json.dumps(report["skipped"], indent=1)
    assert set(report["kept"]) == {*RULES, *STANDING}
    assert code == 0, said


def test_a_broken_rule_is_exit_code_1_and_what_cannot_be_judged_is_2():
    broken = f"{sys.executable} -m tests.conformance.broken plays_foreign run --config {{config}}"
    code, report, _ = loa_conformance("--run", broken, "--rules", "orders.audience")
    assert (code, [each["rule"] for each in report["broken"]]) == (1, ["orders.audience"])
    code, report, said = loa_conformance("--run", "false {config}", "--rules", "orders.audience")
    assert (code, report) == (2, {})
    assert "ended by itself, exit code 1" in said


def test_words_that_do_not_fit_are_refused_in_a_sentence():
    for words, sentence in (
        (("--run", "true"), "must name its device file as {config}"),
        (("--run", "true {config}", "--rules", "nothing.*"), "No rule is named like “nothing.*”"),
        (("--run", "true {config}", "--without", "wings"), "'wings' is not a valid Need"),
    ):
        code, report, said = loa_conformance(*words)
        assert (code, report) == (2, {})
        assert sentence in said


def test_what_a_device_is_said_to_be_without_is_skipped_and_told():
    words = ("--run", REFERENCE, "--rules", "connection.every*", "--rules", "bundles.*", "--without", "bundles")
    code, report, _ = loa_conformance(*words)
    assert code == 0
    assert report["kept"] == ["connection.every_carrier"]
    assert [each["rule"] for each in report["skipped"]] == ["bundles.carries", "bundles.refuses"]
