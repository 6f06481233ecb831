"""Run the slow tests, and keep their outcome as ``benchmarks/results/tests/slow.json``.

    python benchmarks/slow_tests.py               # what `make test-slow` runs
    python benchmarks/slow_tests.py -k threads    # more words go to pytest; nothing is kept

The file has date, commit, machine, the counts of outcomes, and each test's outcome and seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from common import RESULTS, machine, when

FILE = RESULTS / "tests" / "slow.json"
PYTEST = [sys.executable, "-m", "pytest", "-m", "slow"]


def main() -> int:
    """pytest's own exit code."""
    facts = {"command": "make test-slow", **when(), "machine": machine()}  # before it takes long
    with tempfile.TemporaryDirectory() as folder:
        report, begin = Path(folder) / "report.xml", time.perf_counter()
        words = [*PYTEST, f"--junitxml={report}", *sys.argv[1:]]
        code = subprocess.run(words, cwd=RESULTS.parents[1], check=False).returncode
        if code in (0, 1) and not sys.argv[1:]:  # all ran, whatever came of it
            document = facts | outcome(report, time.perf_counter() - begin)
            FILE.parent.mkdir(exist_ok=True)
            FILE.write_text(json.dumps(document, indent=2) + "\n")
            print(f"Kept as {FILE}.")
    return code


def outcome(report: Path, seconds: float) -> dict[str, Any]:
    """The counts and the tests of a JUnit report."""
    tests = [
        {
            "test": f"{case.attrib['classname']}.{case.attrib['name']}",
            "outcome": next((c.tag for c in case if c.tag in OUTCOMES), "passed"),
            "seconds": round(float(case.attrib["time"]), 1),
        }
        for case in ElementTree.parse(report).iter("testcase")
    ]
    counts = Counter(str(test["outcome"]) for test in tests)
    return {"seconds": round(seconds), "counts": dict(counts), "tests": tests}


OUTCOMES = ("failure", "error", "skipped")

if __name__ == "__main__":
    sys.exit(main())
