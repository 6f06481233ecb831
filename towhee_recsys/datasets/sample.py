"""Make a small invented cinema from a seed: 300 films, 400 users, and what they watched in order.

Nothing is read or downloaded. The tastes are simple enough for a model to learn: a user likes
genres by age, by gender and by a hidden circle of friends, moves slowly from one circle's taste to
another's, tends to watch the next part of a series, and watches what is popular.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from towhee_recsys.datasets.contents import Contents, Source
from towhee_recsys.datasets.schema import Schema
from towhee_recsys.types import ITEM_ID, RATING, TIMESTAMP, USER_ID

USERS = 400
ITEMS = 300
CIRCLES = 8
LONGEST = 220
"""Interactions of the most active user. The others have a few dozen, and at least ten."""

SCHEMA = Schema.model_validate(
    {
        "users": {"gender": "categorical", "age": "number", "country": "categorical"},
        "items": {
            "title": "text",
            "year": "number",
            "genres": "multi_categorical",
            "director": "categorical",
        },
    }
)

NOUNS = {
    "Adventure": "Compass Canoe Lighthouse Volcano Shortcut Expedition Rucksack Harbour",
    "Animation": "Hedgehog Teapot Penguin Umbrella Dumpling Snowman Marmot Biscuit",
    "Comedy": "Landlord Wedding Trombone Goldfish Plumber Mayor Sausage Neighbour",
    "Crime": "Alibi Pickpocket Ledger Safecracker Witness Getaway Inspector Diamond",
    "Documentary": "Glacier Beekeeper Turnip Archive Orchestra Pigeon Canal Loaf",
    "Drama": "Orchard Inheritance Cellist Winter Lodger Letter Daughter Silence",
    "Fantasy": "Dragon Apprentice Broomstick Oracle Goblin Spellbook Griffin Cauldron",
    "Horror": "Cellar Scarecrow Doll Fog Taxidermist Basement Ghoul Wallpaper",
    "Romance": "Florist Balcony Postcard Waltz Bakery Honeymoon Violinist Kiss",
    "Science Fiction": "Robot Asteroid Wormhole Clone Android Comet Toaster Moonbase",
    "Thriller": "Countdown Passenger Cipher Double Hostage Tunnel Briefcase Signal",
    "Western": "Sheriff Saloon Mustang Stagecoach Cactus Outlaw Prairie Banjo",
}
ADJECTIVES = (
    "Accidental Apologetic Borrowed Crooked Delayed Electric Forgotten Gentle Haunted Impatient "
    "Invisible Jealous Last Lukewarm Magnificent Midnight Nervous Overdue Patient Polite Reluctant "
    "Secret Sleepless Suspicious Tiny Unlikely Upside-Down Velvet Wandering Wobbly"
)
SUBTITLES = ("The Return", "This Time It Is Monday", "No Refunds", "The Other Sock", "Still Here")
DIRECTORS = (
    "Ada Brindle, Bertrand Oakapple, Ciro Vantaggio, Dagny Holmstrup, Eluned Pryce-Finch, "
    "Farid Almasi, Greta Zwickl, Hortense Lavigne, Ilmari Koskela, Junia Okonjo-Bell, Kaspar "
    "Tintenfass, Lucinda Marrow, Milo Pumpernickel, Nadja Sorokova, Osvaldo Quince, Petra Underhill"
)
COUNTRIES = ("Aldmark", "Brunovia", "Castellia", "Dunmere", "Estravia", "Fjordland")

FIRST_DAY = 1_672_531_200  # 2023-01-01
DAY = 86_400.0


@dataclass(frozen=True)
class _Cinema:
    table: pd.DataFrame
    genres: NDArray[np.float32]  # (ITEMS, genres): each row sums to 1
    fame: NDArray[np.float32]  # (ITEMS,): log of how often it is watched
    sequel: NDArray[np.int64]  # (ITEMS,): the row of the next part, or -1


def cinema(seed: int = 0) -> Contents:
    """The invented cinema of `seed`. The same seed gives the same cinema."""
    rng = np.random.Generator(np.random.PCG64(seed))
    cinema = _films(rng)
    users, start, end = _audience(rng)
    interactions = _evenings(rng, cinema, start, end)
    digest = hashlib.sha256()
    for table in (users, cinema.table, interactions):
        digest.update(table.to_json(orient="values").encode())
    source = Source(kind="sample", location=f"sample:{seed}", sha256=digest.hexdigest())
    return Contents("sample", SCHEMA, users, cinema.table, interactions, source, repeated=0)


def _films(rng: np.random.Generator) -> _Cinema:
    names = list(NOUNS)
    adjectives, directors = ADJECTIVES.split(), DIRECTORS.split(", ")
    rows: list[tuple[str, int, list[str], str]] = []
    fame, sequel, taken = [], [], set[str]()
    while len(rows) < ITEMS:
        genres = [names[g] for g in rng.choice(len(names), rng.integers(1, 4), replace=False)]
        title = f"The {rng.choice(adjectives)} {rng.choice(NOUNS[genres[0]].split())}"
        if title in taken:
            continue
        taken.add(title)
        parts = int(rng.choice([1, 2, 3, 4], p=[0.7, 0.12, 0.12, 0.06]))
        year = int(rng.triangular(1955, 2018, 2019)) - 2 * parts
        director = str(rng.choice(directors))
        renown = rng.normal(0.0, 1.1)
        for part in range(1, min(parts, ITEMS - len(rows)) + 1):
            follows = part < parts and len(rows) + 1 < ITEMS
            subtitle = f" {part}: {rng.choice(SUBTITLES)}" if part > 1 else ""
            sequel.append(len(rows) + 1 if follows else -1)
            fame.append(renown - 0.5 * (part - 1))
            rows.append((title + subtitle, year, list(genres), director))
            year += int(rng.integers(1, 4))
    table = pd.DataFrame({ITEM_ID: np.arange(1, ITEMS + 1)})
    table["title"] = pd.Series([row[0] for row in rows], dtype=object)
    table["year"] = pd.array([row[1] for row in rows], dtype="Int64")
    table["genres"] = pd.Series([row[2] for row in rows], dtype=object)
    table["director"] = pd.Series([row[3] for row in rows], dtype=object)
    shares = np.array([[name in row[2] for name in names] for row in rows], np.float32)
    shares /= shares.sum(axis=1, keepdims=True)
    return _Cinema(table, shares, np.array(fame, np.float32), np.array(sequel))


def _audience(
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, NDArray[np.float32], NDArray[np.float32]]:
    """The table of users, and each one's taste for each genre at the start and at the end."""
    age = np.clip(rng.gamma(5.0, 7.5, USERS), 14, 88).astype(np.int64)
    gender = rng.integers(0, 2, USERS)
    country = rng.choice(len(COUNTRIES), USERS, p=[0.3, 0.25, 0.15, 0.12, 0.1, 0.08])
    genres = len(NOUNS)
    by_age = rng.normal(0.0, 1.5, (4, genres))[np.digitize(age, [25, 40, 55])]
    by_gender = rng.normal(0.0, 0.8, (2, genres))[gender]
    circles = rng.normal(0.0, 3.0, (CIRCLES, genres))
    first, last = rng.integers(0, CIRCLES, (2, USERS))
    own = by_age + by_gender + rng.normal(0.0, 0.5, (USERS, genres))
    table = pd.DataFrame({USER_ID: np.arange(1, USERS + 1)})
    table["gender"] = pd.Series(np.array(["F", "M"], object)[gender], dtype=object)
    table["age"] = pd.array(age, dtype="Int64")
    table["country"] = pd.Series(np.array(COUNTRIES, object)[country], dtype=object)
    return (
        table,
        (own + circles[first]).astype(np.float32),
        (own + circles[last]).astype(np.float32),
    )


def _evenings(
    rng: np.random.Generator,
    cinema: _Cinema,
    start: NDArray[np.float32],
    end: NDArray[np.float32],
) -> pd.DataFrame:
    """The interactions, drawn one step at a time for all users who have not finished."""
    length = np.clip(10 + rng.gamma(1.3, 32.0, USERS), 10, LONGEST - 40).astype(np.int64)
    length[rng.integers(USERS)] = LONGEST
    begins = FIRST_DAY + rng.uniform(0.0, 500 * DAY, USERS)
    pull = np.zeros((USERS, ITEMS), np.float32)  # towards the next part of a series; -inf: seen
    clock = np.floor(begins)
    steps = []
    for step in range(LONGEST):
        going = np.flatnonzero(length > step)
        way = np.float32(step / length[going])[:, None]
        taste = (1 - way) * start[going] + way * end[going]
        liking = taste @ cinema.genres.T
        wish = liking + cinema.fame + pull[going]
        # The first of exponential clocks with the rates exp(wish) is a draw from their softmax.
        item = np.argmin(rng.standard_exponential(wish.shape, np.float32) * np.exp(-wish), axis=1)
        # A quarter of the films come days later, the others on the same evening.
        pause = np.where(rng.random(len(going)) < 0.25, rng.exponential(4 * DAY, len(going)), 0.0)
        clock[going] += np.floor(5_400 + pause + rng.exponential(1_800, len(going)))
        liked = liking[np.arange(len(going)), item]
        rating = np.clip(np.rint(3.2 + 0.35 * liked + rng.normal(0.0, 0.7, len(going))), 1, 5)
        steps.append((going + 1, item + 1, clock[going], rating))
        pull[going] *= np.float32(0.8)
        following = cinema.sequel[item]
        pull[going[following >= 0], following[following >= 0]] += 4.0
        pull[going, item] = -np.inf
    user, item, time, rating = (np.concatenate(part) for part in zip(*steps, strict=True))
    order = np.argsort(time, kind="stable")
    columns: dict[str, NDArray[Any]] = {
        USER_ID: user[order],
        ITEM_ID: item[order],
        TIMESTAMP: time[order],
        RATING: rating[order].astype(np.float32),
    }
    table: pd.DataFrame = pd.DataFrame(columns)
    return table
