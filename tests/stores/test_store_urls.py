from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from towhee_recsys.errors import ConfigError
from towhee_recsys.stores.opening import open_record_store
from towhee_recsys.stores.urls import embedded_url, parse
from towhee_recsys.text import mask


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "unknown kind"),
        ("recsys.db", "unknown kind"),
        ("http://me:s3cret@host", "unknown kind"),
        ("mysql://me:s3cret@host/db", "unknown kind"),
        ("embedded://relative/folder", "absolute"),
        ("embedded:relative", "absolute"),
        ("embedded:///", "of its own"),
        ("embedded:///a?b", "%3F"),
        ("embedded:///a#b", "%23"),
        ("embedded:///a#", "%23"),
        ("redis://", "no host"),
        ("redis://:s3cret@host:port", "host and port"),
        ("redis://me:s3cret@host/0?socket_timeout=soon", "soon|Invalid"),
        ("mysql+pymysql://me:s3cret@host", "no database"),
        ("mysql+pymysql://me:s3cret@host/", "no database"),
        ("mysql+pymysql:///db", "no host"),
    ],
)
def test_other_urls_are_refused_with_the_accepted_forms(url: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        open_record_store(url)
    message = str(caught.value)
    assert "s3cret" not in message
    for form in ("embedded:///", "redis://", "rediss://", "redis+cluster://", "mysql+pymysql://"):
        assert form in message


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://:pw@host", "redis://:***@host"),
        ("redis://me:p@w:x/y@host/0", "redis://me:***@host/0"),
        ("redis://token@host", "redis://***@host"),
        ("redis://host/0?password=pw&db=1", "redis://host/0?password=***&db=1"),
        ("mysql+pymysql://me:pw@host:1/db?charset=x", "mysql+pymysql://me:***@host:1/db?charset=x"),
        ("mssql+pyodbc:///?odbc_connect=UID%3Dme%3BPWD%3Dpw", "mssql+pyodbc:///?odbc_connect=***"),
        ("x://host/db?token=pw&sslmode=require", "x://host/db?token=***&sslmode=require"),
        (
            "x://host/db?credentials_base64=pw&ssl_mode=",
            "x://host/db?credentials_base64=***&ssl_mode=",
        ),
        ("x://host/db?Driver=ODBC+17&driver=a;PWD=pw", "x://host/db?Driver=ODBC+17&driver=***"),
        ("http://host:19530?db=1", "http://host:19530?db=1"),
        ("embedded:///a/b", "embedded:///a/b"),
        ("./milvus.db", "./milvus.db"),
    ],
)
def test_passwords_are_hidden(url: str, masked: str) -> None:
    assert mask(url) == masked


def test_without_the_mysql_extra_the_way_out_is_said() -> None:
    code = (
        "import sys; sys.modules['pymysql'] = None\n"
        "from towhee_recsys.stores.opening import open_record_store\n"
        "open_record_store('mysql+pymysql://me:s3cret@host/db')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert "ConfigError" in last
    assert "pip install 'towhee_recsys[mysql]'" in last
    assert "s3cret" not in last


def test_opening_no_store_imports_no_client() -> None:
    code = (
        "import sys, towhee_recsys.stores.opening, towhee_recsys.stores.filters.expressions\n"
        "print({'redis', 'sqlalchemy', 'pymysql', 'pymilvus', 'filelock'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    "name", ["plain", "a#b", "a?b", "100%", "%41", "a b", "ä;&=+@:", "\udcff", "new\nline", "*[x]"]
)
def test_any_folder_has_a_url(name: str, tmp_path: Path) -> None:
    url = embedded_url(tmp_path / name)
    assert url.isascii()
    assert parse(url).folder == tmp_path / name


def test_a_relative_folder_is_the_working_directory_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse(embedded_url("store")).folder == tmp_path / "store"


def test_a_parsed_url_hides_its_password() -> None:
    assert "s3cret" not in repr(parse("redis://me:s3cret@host"))
