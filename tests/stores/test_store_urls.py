from __future__ import annotations

import subprocess
import sys

import pytest

from towhee_recsys.errors import ConfigError
from towhee_recsys.stores.urls import mask, open_record_store


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
        ("embedded:///a/b", "embedded:///a/b"),
        ("./milvus.db", "./milvus.db"),
    ],
)
def test_passwords_are_hidden(url: str, masked: str) -> None:
    assert mask(url) == masked


def test_without_the_mysql_extra_the_way_out_is_said() -> None:
    code = (
        "import sys; sys.modules['pymysql'] = None\n"
        "from towhee_recsys.stores.urls import open_record_store\n"
        "open_record_store('mysql+pymysql://me:s3cret@host/db')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert "ConfigError" in last
    assert "pip install 'towhee_recsys[mysql]'" in last
    assert "s3cret" not in last


def test_opening_no_store_imports_no_client() -> None:
    code = (
        "import sys, towhee_recsys.stores.urls, towhee_recsys.stores.filters.expressions\n"
        "print({'redis', 'sqlalchemy', 'pymysql', 'pymilvus', 'filelock'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
