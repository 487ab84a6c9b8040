"""Where no weak link can be laid, the error names what is missing; nothing is skipped."""

import shutil

import pytest

from tests.support import netns


def test_a_missing_tool_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool, path: None if tool == "iptables" else tool)
    with pytest.raises(RuntimeError, match="the Debian package iptables"), netns.weak_link(loss=0, rate_kbit=64):
        pass


def test_missing_rights_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool, path: tool)
    monkeypatch.setattr(netns.Path, "read_text", lambda _path: "Name:\tpython\nCapEff:\t0000000000000000\n")
    with pytest.raises(RuntimeError, match="root with CAP_NET_ADMIN"), netns.weak_link(loss=0, rate_kbit=64):
        pass
