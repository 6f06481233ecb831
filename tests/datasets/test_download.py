"""Downloads from a real server are resumed, checked and atomic, and fail quickly."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from towhee_recsys.datasets import Dataset, cache_folder, download
from towhee_recsys.errors import DownloadError
from towhee_recsys.progress import download_bar

CONTENT = bytes(range(256)) * 4_000


@dataclass
class Host:
    """What the server has, and what it was requests for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: int | None = None
    ranges: bool = True
    pause: float = 0.0
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def host() -> Iterator[Host]:
    state = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            wanted = self.headers.get("Range")
            state.requests.append((name, wanted))
            data = state.files.get(name)
            if data is None:
                self.send_error(404)
                return
            start = 0
            if wanted and state.ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(data):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            end = len(data)
            if state.cut_after is not None and name.endswith(".zip"):
                end = min(end, start + state.cut_after)
            with contextlib.suppress(OSError):  # the client may have had enough
                for at in range(start, end, 1 << 16):
                    self.wfile.write(data[at : min(end, at + (1 << 16))])
                    time.sleep(state.pause)
            self.close_connection = True

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def _publish(host: Host, name: str = "ml-100k", md5: str | None = None) -> None:
    host.files[f"{name}.zip"] = CONTENT
    checksum = md5 or hashlib.md5(CONTENT).hexdigest()
    host.files[f"{name}.zip.md5"] = f"MD5 ({name}.zip) = {checksum}\n".encode()


def test_data_set_is_downloaded_once(host: Host, tmp_path: Path) -> None:
    _publish(host)
    seen: list[tuple[int, int | None]] = []
    path = download(
        "ml-100k",
        cache=tmp_path,
        base_url=host.url,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert path == tmp_path / "ml-100k.zip"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    requests = len(host.requests)
    assert download("ml-100k", cache=tmp_path, base_url=host.url) == path
    assert len(host.requests) == requests


def test_interrupted_download_is_resumed(host: Host, tmp_path: Path) -> None:
    _publish(host)
    host.cut_after = 300_000
    with pytest.raises(DownloadError, match="ml-100k"):
        download("ml-100k", cache=tmp_path, base_url=host.url)
    assert not (tmp_path / "ml-100k.zip").exists()
    part = tmp_path / "ml-100k.zip.part"
    have = part.stat().st_size
    assert 0 < have <= 300_000
    host.cut_after = None
    host.requests.clear()
    path = download("ml-100k", cache=tmp_path, base_url=host.url)
    assert path.read_bytes() == CONTENT
    assert not part.exists()
    assert ("ml-100k.zip", f"bytes={have}-") in host.requests


def test_host_without_ranges_sends_the_whole_file(host: Host, tmp_path: Path) -> None:
    _publish(host)
    (tmp_path / "ml-100k.zip.part").write_bytes(CONTENT[:1000])
    host.ranges = False
    assert download("ml-100k", cache=tmp_path, base_url=host.url).read_bytes() == CONTENT


def test_complete_part_is_used(host: Host, tmp_path: Path) -> None:
    _publish(host)
    (tmp_path / "ml-100k.zip.part").write_bytes(CONTENT)
    assert download("ml-100k", cache=tmp_path, base_url=host.url).read_bytes() == CONTENT


@pytest.mark.parametrize("before", [b"", b"something else"])
def test_wrong_checksum_removes_the_file(host: Host, tmp_path: Path, before: bytes) -> None:
    _publish(host, md5="0" * 32)
    if before:
        (tmp_path / "ml-100k.zip.part").write_bytes(before)
    with pytest.raises(DownloadError, match=r"checksum.*0{32}.*--data"):
        download("ml-100k", cache=tmp_path, base_url=host.url)
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".lock"] == []


def test_known_checksum_of_ml_1m_is_used(host: Host, tmp_path: Path) -> None:
    _publish(host, "ml-1m")
    with pytest.raises(DownloadError, match="c4d9eecfca2ab87c1945afe126590906"):
        download("ml-1m", cache=tmp_path, base_url=host.url)


def test_missing_file_on_the_host_is_reported(host: Host, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1.*404"):
        download("ml-25m", cache=tmp_path, base_url=host.url)


def test_unreachable_host_is_reported_with_alternatives(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DownloadError) as caught:
        download("ml-100k", cache=tmp_path, base_url=f"http://127.0.0.1:{port}")
    message = str(caught.value)
    for part in (f"127.0.0.1:{port}", "--data", "sample", str(tmp_path / "ml-100k.zip")):
        assert part in message


def test_concurrent_downloads_fetch_once(host: Host, tmp_path: Path) -> None:
    _publish(host)
    host.pause = 0.01
    paths: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda: paths.append(download("ml-100k", cache=tmp_path, base_url=host.url))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths == [tmp_path / "ml-100k.zip"] * 3
    assert paths[0].read_bytes() == CONTENT
    assert [name for name, _ in host.requests].count("ml-100k.zip") == 1


def test_progress_bar_is_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with download_bar("ml-100k") as progress:
        progress(500_000, 2_000_000)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "ml-100k" in shown.err
    assert "0.5/2.0 MB" in shown.err


def test_time_limit_keeps_the_part(host: Host, tmp_path: Path) -> None:
    _publish(host)
    host.pause = 0.05
    with pytest.raises(DownloadError, match="too long"):
        download("ml-100k", cache=tmp_path, base_url=host.url, time_limit=0.2)
    assert 0 < (tmp_path / "ml-100k.zip.part").stat().st_size < len(CONTENT)


def test_cache_folder_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TOWHEE_RECSYS_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("TOWHEE_RECSYS_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "towhee_recsys"


def test_zip_placed_in_the_cache_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ml-100k.zip", "w") as made:
        made.writestr("ml-100k/u.data", "1\t1\t5\t9\n")
        made.writestr("ml-100k/u.item", "1|A (1990)|||" + "|0" * 19 + "\n")
        made.writestr("ml-100k/u.user", "1|24|M|other|0\n")
    assert len(Dataset.load("ml-100k", cache=tmp_path).interactions) == 1
