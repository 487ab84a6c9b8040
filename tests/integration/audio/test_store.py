import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audio.store import ContentStore

CONTENT = b"tieng loa " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path):
    return ContentStore(tmp_path / "content")


def files(store: ContentStore):
    return [path for path in store.root.rglob("*") if path.is_file()]


def test_content_is_found_under_its_hash(store: ContentStore):
    assert store.put_bytes(CONTENT) == SHA256
    assert store.has(SHA256)
    with store.open(SHA256) as file:
        assert file.read() == CONTENT
    assert store.path(SHA256).relative_to(store.root).parts == (SHA256[:2], SHA256[2:4], SHA256)


def test_a_file_is_copied_and_stays(store: ContentStore, tmp_path: Path):
    source = tmp_path / "a.wav"
    source.write_bytes(CONTENT)
    assert store.put_file(source) == SHA256
    assert source.read_bytes() == CONTENT


def test_the_same_content_twice_is_kept_once(store: ContentStore):
    store.put_bytes(CONTENT)
    before = store.path(SHA256).stat().st_ino
    store.put_bytes(CONTENT)
    assert store.path(SHA256).stat().st_ino == before
    assert len(files(store)) == 1


def test_what_is_not_there_is_not_there(store: ContentStore):
    assert not store.has("0" * 64)
    with pytest.raises(FileNotFoundError):
        store.open("0" * 64)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_hashes_name_content(store: ContentStore, name: str):
    with pytest.raises(ValueError):
        store.path(name)


def test_a_failed_write_leaves_nothing(store: ContentStore, monkeypatch: pytest.MonkeyPatch):
    def full(_descriptor: int):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.put_bytes(CONTENT)
    assert files(store) == []


def test_a_process_killed_while_writing_leaves_no_content_and_is_swept(store: ContentStore, tmp_path: Path):
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom audio.store import ContentStore\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), 9)\n"
        "ContentStore(Path(sys.argv[1])).put_bytes(b'x' * 1_000_000)\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script, store.root], cwd=root, check=False)
    assert done.returncode == -9
    assert not store.has(hashlib.sha256(b"x" * 1_000_000).hexdigest())
    assert len(files(store)) == 1
    assert store.sweep_temporaries(older_than_s=0) == 1
    assert files(store) == []


def test_sweeping_spares_content_and_what_others_write_now(store: ContentStore):
    store.put_bytes(CONTENT)
    with store.workplace() as folder:
        (folder / "raw").write_bytes(b"half")
        assert store.sweep_temporaries() == 0
        assert (folder / "raw").exists()
        assert store.sweep_temporaries(older_than_s=0) == 1
        assert not folder.exists()
    assert store.has(SHA256)


def test_a_workplace_is_gone_afterwards(store: ContentStore):
    with store.workplace() as folder:
        (folder / "raw").write_bytes(b"x")
    assert not folder.exists()
