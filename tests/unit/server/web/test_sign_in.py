import pytest

from server.web.sign_in import local_path


@pytest.mark.parametrize("path", ["/", "/clusters?presence=lost", "/occurrences/01ABC?after=x"])
def test_a_path_of_ours_is_gone_on_to(path: str):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/a\nb",
        "/\t/e",
    ],
)
def test_anything_else_leads_to_the_first_page(path: str):
    assert local_path(path) == "/"
