"""The description of the REST interface that is committed is the one the code gives."""

from pathlib import Path

from server.openapi import as_text, description

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_committed_description_is_up_to_date():
    assert COMMITTED.read_text(encoding="utf-8") == as_text(), "run: python -m server.openapi"


def test_pages_are_not_part_of_the_interface():
    roots = ("/api/v1/", "/content/", "/events", "/exchange/", "/healthz", "/metrics")
    assert [path for path in description()["paths"] if not path.startswith(roots)] == []


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does():
    operations = [operation for path in description()["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation.get("description") for operation in operations)
