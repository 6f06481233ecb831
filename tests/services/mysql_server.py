"""A MariaDB server on a free port, in a fresh folder, with one database and one user."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from services.processes import free_port, missing, program, running

PASSWORD = "s3cret-word"


@contextlib.contextmanager
def mysql_server() -> Iterator[str]:
    """Yields the URL of the database."""
    try:
        import pymysql
        import sqlalchemy  # noqa: F401
    except ImportError:
        missing("SQLAlchemy or PyMySQL is not there: pip install 'towhee_recsys[mysql]'")
    install = program("mariadb-install-db", "mariadb-server")
    daemon = program("mariadbd", "mariadb-server")
    # Not under pytest's own folder, which the user mysql may not enter.
    folder = Path(tempfile.mkdtemp(prefix="recsys-mysql-"))
    try:
        as_user = []
        if os.getuid() == 0:
            shutil.chown(folder, "mysql", "mysql")
            as_user = ["--user=mysql"]
        data, socket, port = f"--datadir={folder}", f"{folder}/s.sock", free_port()
        method = "--auth-root-authentication-method=normal"
        create = [install, "--no-defaults", *as_user, data, method, "--skip-test-db"]
        subprocess.run(create, check=True, capture_output=True, timeout=120)
        command = [daemon, "--no-defaults", *as_user, data, f"--port={port}", f"--socket={socket}"]
        command += ["--bind-address=127.0.0.1", f"--pid-file={folder}/m.pid", "--skip-log-bin"]
        command += ["--innodb-buffer-pool-size=64M", "--skip-name-resolve"]

        def prepare() -> None:
            with pymysql.connect(unix_socket=socket, user="root") as root, root.cursor() as cursor:
                cursor.execute("CREATE DATABASE recsys")
                cursor.execute(f"CREATE USER recsys@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
                cursor.execute("GRANT ALL ON recsys.* TO recsys@'127.0.0.1'")

        with running(command, folder / "log", prepare, 120):
            yield f"mysql+pymysql://recsys:{PASSWORD}@127.0.0.1:{port}/recsys"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
