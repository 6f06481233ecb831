"""Write the figures of the documentation from the recorded results.

    python benchmarks/figures.py            # docs/benchmarks.md, and the headlines of README.md
    python benchmarks/figures.py --check    # fail if they differ from what is recorded

Every number comes from a file in ``benchmarks/results``. The sentences around them are here.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
COMMAND = "python benchmarks/figures.py"

NUMERIC = re.compile(r"[\d.]*%?$|[\d.]+ to [\d.]+$")

Row = Mapping[str, Any]
Cell = Callable[[Row], str]


@dataclass(frozen=True)
class Table:
    """Rows of one results file, with the column names of the page."""

    results: str
    columns: Mapping[str, Cell]
    rows: Callable[[list[Row]], list[Row]] = list


@dataclass(frozen=True)
class Section:
    """A heading, the protocol, the tables, and a note about them."""

    title: str
    protocol: str
    tables: Sequence[Table]
    note: str = ""


def text(key: str) -> Cell:
    """A field as it is; empty if it is absent."""
    return lambda row: str(row.get(key, ""))


def whole(key: str) -> Cell:
    """A number without decimals."""
    return lambda row: f"{round(row[key]):,}"


def number(key: str, digits: int) -> Cell:
    """A number with `digits` decimals; empty if it is absent."""
    return lambda row: f"{row[key]:,.{digits}f}" if key in row else ""


def percent(key: str, digits: int = 1) -> Cell:
    """A share in percent; empty if it is absent."""
    return lambda row: f"{row[key]:.{digits}%}" if key in row else ""


def interval(key: str) -> Cell:
    """The two ends of a 95% interval."""
    return lambda row: f"{row[key][0]:.3f} to {row[key][1]:.3f}"


def named(key: str, names: Mapping[str, str]) -> Cell:
    """A field, renamed for the page."""
    return lambda row: names.get(row[key], row[key])


def ordered(key: str, values: Sequence[str], **where: str) -> Callable[[list[Row]], list[Row]]:
    """The rows with these values, in this order, and with the fields of `where`."""

    def chosen(rows: list[Row]) -> list[Row]:
        matching = [row for row in rows if all(row[k] == v for k, v in where.items())]
        return [row for value in values for row in matching if row[key] == value]

    return chosen


MODELS = {
    "popularity": "most popular",
    "ials": "iALS (implicit)",
    "ease": "EASE",
    "decayed-ease": "EASE with decay",
    "item-knn": "item-kNN",
    "fast": "**`--preset fast`**",
    "balanced": "**`--preset balanced`**",
    "best": "**`--preset best`**",
}
BASELINES = {"popularity", "ials", "ease", "decayed-ease", "item-knn"}
QUALITY: Mapping[str, Cell] = {
    "model": named("model", MODELS),
    "validation NDCG@10": number("validation NDCG@10", 3),
    "test HR@10": number("test HR@10", 3),
    "95%": interval("of HR"),
    "test NDCG@10": number("test NDCG@10", 3),
    "95% ": interval("of NDCG"),
    "seconds": number("seconds", 1),
}
DATA = {"sample": "sample", "made-60000": "generated"}
EVALUATED = {
    "new users after 0 items": "new users, no item known",
    "new users after 1 items": "new users, 1 item known",
    "new users after 3 items": "new users, 3 items known",
    "new users after 10 items": "new users, 10 items known",
    "new items, among all": "new items, ranked among all items",
    "new items, among cold": "new items, ranked among new items",
}

SECTIONS = (
    Section(
        "Quality",
        "MovieLens 1M. All 3,883 items are ranked for all 6,040 users, without the items that the "
        "user has already seen. Each user's last interaction is the test item and the one before "
        "it the validation item; every setting is chosen by validation. HR@10 is the share of "
        "users whose held-out item is in the top 10; NDCG@10 also counts how high it stands. "
        "Intervals are 95%, over users. A preset is a setting of one model: two pairs of towers "
        "(*members*) of 128 numbers each are trained side by side, and their vectors are joined "
        "to 256 numbers. *Seconds* of a preset run from reading the data to the saved bundle; "
        "those of a baseline include the choice of its settings. RecTools' SASRec learns from the "
        "same histories on the same machine, for as long as its row says.",
        [
            Table(
                "quality",
                QUALITY,
                lambda rows: sorted(
                    (row for row in rows if row["data"] == "ml-1m"),
                    key=lambda row: row["validation NDCG@10"],
                ),
            )
        ],
        "Published for this protocol, with the 3,706 items that were ever rated (HR@10/NDCG@10): "
        "SASRec .285/.160, RecTools' SASRec .306/.178, HSTU .310/.172, HSTU-large .329/.189. "
        "RecTools' SASRec needs many epochs. In the time that `fast` takes it completes fewer "
        "than two on this machine, and that is what its row shows.",
    ),
    Section(
        "Quality on other data",
        "The same protocol. *sample* is the built-in invented cinema (400 users, 300 items). "
        "*generated* has 60,000 users, 20,000 items with several labels each, histories of 5 to "
        "10 items, and no table of users.",
        [
            Table(
                "quality",
                {"data": named("data", DATA), **QUALITY},
                lambda rows: [
                    row for data in DATA for row in ordered("model", list(MODELS), data=data)(rows)
                ],
            )
        ],
    ),
    Section(
        "Cold start",
        "A tenth of the users and a tenth of the items of MovieLens 1M are held out of training "
        "completely. The model is compared with the most popular items, with the most popular "
        "items among users who share a label with the user (*segment*), and with chance.",
        [
            Table(
                "cold_start",
                {
                    "evaluated": named("evaluated", EVALUATED),
                    "users": whole("users"),
                    "HR@10": number("HR@10", 3),
                    "popular": number("popular HR@10", 3),
                    "segment": number("segment HR@10", 3),
                    "chance": number("random HR@10", 3),
                    "NDCG@10": number("NDCG@10", 3),
                    "popular ": number("popular NDCG@10", 3),
                    "segment ": number("segment NDCG@10", 3),
                    "chance ": number("random NDCG@10", 3),
                },
            )
        ],
    ),
    Section(
        "Probabilities",
        "Ten recommendations for every user of MovieLens 1M, with `calibrate`. *Predicted* is the "
        "mean probability that the library gives; *observed* is how often the recommended item "
        "was the user's next one. The calibration is learnt from validation interactions and "
        "tested on later ones.",
        [
            Table(
                "calibration",
                {
                    "predicted between": text("predicted between"),
                    "recommendations": whole("recommendations"),
                    "predicted": percent("predicted", 2),
                    "observed": percent("observed", 2),
                },
            )
        ],
    ),
    Section(
        "Encoding",
        "Preset `balanced`. Two cores turn {users_a_second:,} users a second into vectors (with "
        "histories of 200 items, 256 users together) and {items_a_second:,} items a second. The "
        "table is for one user on one core, by how many of the latest items are read.",
        [
            Table(
                "encoders",
                {
                    "items read of a history": whole("items read of a history"),
                    "test HR@10": number("test HR@10", 3),
                    "test NDCG@10": number("test NDCG@10", 3),
                    "one user, p50 ms": number("one user, p50 ms", 2),
                    "p99 ms": number("p99 ms", 2),
                },
            )
        ],
    ),
    Section(
        "Training",
        "One epoch on MovieLens 1M, then the generated data with one, two and four times the "
        "users, each for as many steps. Steps and seconds are those of one member; two run at "
        "once. Batches are streamed, so only the histories that each of the three processes holds "
        "grow with the data.",
        [
            Table(
                "training",
                {
                    "model": text("model"),
                    "data": text("data"),
                    "interactions": whole("interactions"),
                    "steps a second": number("steps/s", 2),
                    "seconds an epoch": number("s/epoch", 1),
                    "peak MiB, all processes": whole("peak, MiB"),
                    "MiB added by training": whole("added, MiB"),
                },
            )
        ],
    ),
    Section(
        "Serving",
        "The whole of `recommend` on MovieLens 1M with the model of `balanced`; histories hold "
        "165 items on average. The *floor* is the sum of a bare Paddle forward pass, a bare "
        "search for ten items that excludes nothing, and bare reads. *Own floor* has the "
        "library's own NumPy forward pass in place of Paddle's, and is harder to reach. Pipeline "
        "and floors take turns in one run. The last three columns are measured with the pipeline "
        "running alone, because Paddle's threads slow down what runs after them.",
        [
            Table(
                "serving",
                {
                    "index": text("index"),
                    "users a call": whole("users a call"),
                    "p50 ms": number("p50 ms", 2),
                    "users a second": number("users/s", 0),
                    "floor, p50 ms": number("floor p50 ms", 2),
                    "p50 / floor": number("p50 / floor", 2),
                    "p50 / own floor": number("p50 / own floor", 2),
                    "alone, p50 ms": number("alone, p50 ms", 2),
                    "p99 ms": number("alone, p99 ms", 2),
                    "p99 / p50": number("alone, p99 / p50", 2),
                },
            )
        ],
    ),
    Section(
        "Long histories",
        "The same users with a given number of seen items, for answers of 10, 100 and 1,000 "
        "items. The model reads at most 200 items of a history, so the first steps are the "
        "model's part and the later ones the search's.",
        [
            Table(
                "serving_seen",
                {
                    "index": text("index"),
                    "seen items": whole("seen"),
                    "10 items, p50 ms": number("top_k 10, p50 ms", 2),
                    "100 items": number("top_k 100, p50 ms", 2),
                    "1,000 items": number("top_k 1000, p50 ms", 2),
                    "10 items / with 20 seen": number("/ 20 seen, top_k 10", 2),
                },
            )
        ],
    ),
    Section(
        "Optional steps",
        "What each optional step of a request costs. `explain` computes the user's vector again "
        "without each item of the history.",
        [
            Table(
                "serving_steps",
                {
                    "index": text("index"),
                    "request": named("request", {"plain": "none of them"}),
                    "p50 ms": number("p50 ms", 2),
                    "/ none": number("/ plain", 2),
                },
            )
        ],
    ),
    Section(
        "Alternatives",
        "What one could use instead, measured in the same run. Each answers with ten records.",
        [
            Table(
                "serving_instead",
                {
                    "system": text(""),
                    "one user, p50 ms": number("one user, p50 ms", 2),
                    "users a second, in batches of 64": number("users/s in batches of 64", 0),
                    "what it lacks": text("lacks"),
                },
            )
        ],
    ),
    Section(
        "All users, into a file",
        "`recommend_to_file` for all users of MovieLens 1M, ten records each, as JSON lines. "
        "*/ bare* compares with a bare forward pass and a bare search of the same batches, which "
        "read nothing, exclude nothing and write nothing. The second table is each step's share "
        "of the time of all steps.",
        [
            Table(
                "to_file",
                {
                    "index": text("index"),
                    "users": whole("users"),
                    "users a second": number("users/s", 0),
                    "/ bare": number("/ bare users/s", 2),
                    "/ bare, own forward pass": number("/ bare, own forward", 2),
                },
            ),
            Table(
                "to_file_steps",
                {
                    "index": text("index"),
                    **{
                        step: percent(step, 0)
                        for step in (
                            "user-lookup",
                            "user-encoder",
                            "milvus-search",
                            "route",
                            "answer",
                        )
                    },
                },
            ),
        ],
        "There is no search for the users of an item. A user's vector is computed from the "
        "history when it is needed, so one item would take looking up and encoding every user.",
    ),
    Section(
        "Growing catalogues",
        "Generated, clustered vectors on the Milvus server; ten items are searched with 100 seen "
        "items excluded. The store chooses the index.",
        [
            Table(
                "scale",
                {
                    "items": whole("items"),
                    "index": text("index"),
                    "p50 ms": number("p50 ms", 2),
                    "p99 ms": number("p99 ms", 2),
                    "recall@10": number("recall@10", 3),
                    "users a second, in batches of 64": number("users/s in batches of 64", 0),
                    "p50 / first row": number("p50 / first p50", 2),
                    "seconds to build": number("seconds to build", 1),
                },
            )
        ],
    ),
    Section(
        "What Towhee adds",
        "The pipeline against its operators called by hand, on MovieLens 1M with Milvus Lite. "
        "`recommend` and `similar_items` run in the calling thread. Towhee by itself gives each "
        "node of each call a thread; the last column is the overhead of that.",
        [
            Table(
                "overhead",
                {
                    "pipeline": text("what"),
                    "nodes": whole("nodes"),
                    "by hand, p50 ms": number("by hand, p50 ms", 2),
                    "pipeline, p50 ms": number("pipeline, p50 ms", 2),
                    "overhead, ms a call": number("overhead, ms a call", 2),
                    "with Towhee's threads": number("with Towhee's threads", 2),
                },
            )
        ],
    ),
    Section(
        "Against the version before",
        "Two checkouts take turns at the same requests on MovieLens 1M, in processes of their own: "
        "this one, and the one before pipelines owned what they open. Below 1 this one is faster. "
        "The machine is shared: the last two columns are the ratios of single turns.",
        [
            Table(
                "versus",
                {
                    "index": text("index"),
                    "a call": text("a call"),
                    "before, p50 ms": number("other, p50 ms", 2),
                    "now, p50 ms": number("this, p50 ms", 2),
                    "now / before": number("this / other", 2),
                    "least": number("least", 2),
                    "most": number("most", 2),
                },
            )
        ],
    ),
    Section(
        "Ingestion",
        "20,000 items are read, encoded, written with their records, flushed and counted, against "
        "pymilvus' `insert` of finished vectors.",
        [
            Table(
                "ingestion",
                {
                    "index": text("index"),
                    "items a second": number("items/s", 0),
                    "bare insert, items a second": number("bare insert items/s", 0),
                    "seconds / bare insert": number("seconds / bare insert", 2),
                },
            )
        ],
    ),
)

INTRODUCTION = f"""\
# Benchmarks

<!-- Written by `{COMMAND}` from benchmarks/results; do not edit by hand. -->

Each table is what a script in `benchmarks/` measured; `benchmarks/results/` keeps the numbers. The
machine is shared with other work and at times half as fast as at others. A table was measured in
one run unless it says otherwise. Compare rows within a table, not times between tables.

After a benchmark was run again, `{COMMAND}` writes this page and the figures of
the README anew.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    wrong = False
    check = parser.parse_args().check
    for path, written in {PAGE: page(), README: with_headlines(README.read_text("utf-8"))}.items():
        before = path.read_text("utf-8") if path.exists() else ""
        if not check:
            path.write_text(written, "utf-8")
        elif before != written:
            wrong = True
            name = path.relative_to(ROOT).as_posix()
            lines = difflib.unified_diff(
                before.splitlines(),
                written.splitlines(),
                name,
                "from the results",
                lineterm="",
                n=0,
            )
            print(*lines, sep="\n", file=sys.stderr)
    if wrong:
        sys.exit(f"The figures are not those of benchmarks/results; run {COMMAND}.")


def document(results: str) -> dict[str, Any]:
    """A results file."""
    read: dict[str, Any] = json.loads((RESULTS / f"{results}.json").read_text("utf-8"))
    return read


def page() -> str:
    """docs/benchmarks.md."""
    return "\n".join([INTRODUCTION, *map(section, SECTIONS)])


def section(this: Section) -> str:
    facts = document(this.tables[0].results)
    plain = {key: value for key, value in facts.items() if isinstance(value, int)}
    parts = [f"## {this.title}", paragraph(this.protocol.format(**plain))]
    parts += [part for one in this.tables for part in (table(one), measured(one))]
    return "\n\n".join([*parts, *([paragraph(this.note)] if this.note else [])]) + "\n"


def paragraph(words: str) -> str:
    """Lines of at most 100 characters."""
    return textwrap.fill(words, 100, break_long_words=False, break_on_hyphens=False)


def chosen(one: Table) -> list[Row]:
    return one.rows(document(one.results)["rows"])


def table(one: Table) -> str:
    """The table in Markdown. Text is left-aligned, numbers are right-aligned."""
    rows = [[cell(row) for cell in one.columns.values()] for row in chosen(one)]
    columns = [[row[i].replace(",", "") for row in rows] for i in range(len(one.columns))]
    numeric = [any(values) and all(NUMERIC.match(value) for value in values) for values in columns]
    lines = [list(one.columns), ["---:" if right else "---" for right in numeric], *rows]
    return "\n".join(f"| {' | '.join(map(str.strip, line))} |" for line in lines)


def measured(one: Table) -> str:
    """The commands, dates, versions and machines of a table, each once."""
    facts = document(one.results)
    rows = [{**{k: v for k, v in facts.items() if k != "rows"}, **row} for row in chosen(one)]
    commands = list(dict.fromkeys(f"`{row['command']}`" for row in rows))
    dates = sorted({f"{row['date']} (commit {row['commit']})" for row in rows if "date" in row})
    versions = list(dict.fromkeys(_versions(row["machine"]) for row in rows))
    versions += [_versions(row["versions"]) for row in rows if "versions" in row]
    machines = dict.fromkeys(
        f"{row['machine']['processor']}, {row['machine']['cores']} cores" for row in rows
    )
    label = "Command" if len(commands) == 1 else "Commands"
    return "\n".join(
        [
            f"- {label}: {'; '.join(commands)}",
            *([f"- Recorded: {'; '.join(dates)}"] if dates else []),
            f"- Versions: {'; '.join(versions)}",
            f"- Machine: {'; '.join(machines)}",
        ]
    )


def _versions(facts: Mapping[str, Any]) -> str:
    apart = ("processor", "cores")
    return ", ".join(f"{name} {value}" for name, value in facts.items() if name not in apart)


def headlines() -> str:
    """The figures of the README."""
    quality = {row["model"]: row for row in document("quality")["rows"] if row["data"] == "ml-1m"}
    serving = {(row["index"], row["users a call"]): row for row in document("serving")["rows"]}
    everything = document("calibration")["rows"][0]
    best = quality["best"]
    other = max(BASELINES & quality.keys(), key=lambda name: quality[name]["test NDCG@10"])
    one, many = serving["Milvus server", 1], serving["Milvus server", 64]
    return "\n".join(
        [
            "| | | measured on MovieLens 1M, two cores |",
            "| --- | ---: | --- |",
            f"| quality | **{best['test HR@10']:.1%}** | of users have their held-out item in the "
            f"top 10 of all items (`--preset best`); NDCG@10 {best['test NDCG@10']:.3f}; "
            f"the best baseline, {MODELS[other]}: {quality[other]['test HR@10']:.1%} and "
            f"{quality[other]['test NDCG@10']:.3f} |",
            f"| speed | **{one['alone, p50 ms']:.0f} ms** | for one user's answer (p50, Milvus "
            f"server); {many['users/s']:.0f} users a second in batches of 64 |",
            f"| certainty | **{everything['predicted']:.1%}** | predicted, and "
            f"{everything['observed']:.1%} observed: how often a recommended item is the user's "
            "next one |",
        ]
    )


def with_headlines(readme: str) -> str:
    """The README with new figures between the two markers."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"README.md lacks the lines {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n{headlines()}\n{END}{after}"


if __name__ == "__main__":
    main()
