"""What the kit reports, for people and for programs."""

from conformance.registry import RULES, chosen
from conformance.rules import __all__ as subjects
from conformance.standing import STANDING
from conformance.verdict import State, Verdict, as_json, as_text, summary

KEPT = Verdict("a.kept", "A.", State.KEPT, "seen")
BROKEN = Verdict("b.broken", "B.", State.BROKEN, "it did not")
SKIPPED = Verdict("c.skipped", "C.", State.SKIPPED, "no power")


def test_programs_get_names_and_reasons():
    assert as_json("it", [KEPT, BROKEN, SKIPPED]) == {
        "device": "it",
        "kept": ["a.kept"],
        "broken": [{"rule": "b.broken", "why": "it did not"}],
        "skipped": [{"rule": "c.skipped", "why": "no power"}],
    }


def test_people_get_the_evidence_and_for_a_broken_rule_what_it_asks_for():
    assert as_text(KEPT).split() == ["kept", "a.kept", "A.", "[seen]"]
    assert as_text(BROKEN).endswith("The rule: B.")
    assert summary([KEPT, BROKEN, SKIPPED]) == "1 kept, 1 broken, 1 not applicable."


def test_every_rule_has_a_subject_and_a_sentence():
    assert not RULES.keys() & STANDING.keys()
    for name, sentence in [*((rule.name, rule.sentence) for rule in RULES.values()), *STANDING.items()]:
        assert name.count(".") == 1
        assert sentence.endswith(".")
    assert subjects


def test_rules_are_chosen_by_pattern():
    assert chosen(("a.*", "*.c"), ["a.b", "b.c", "b.d"]) == ["a.b", "b.c"]
