"""Recommend from DataFrames of your own: people who play songs of one of four moods."""

from pathlib import Path

import numpy as np
import pandas as pd

from towhee_recsys import Dataset, train
from towhee_recsys.pipelines import IngestConfig, RecommendConfig, call, ingest, recommend
from towhee_recsys.training import TrainingConfig

rng, moods = np.random.default_rng(0), ["calm", "loud", "sad", "sunny"]
songs = pd.DataFrame([(f"{m}-{n}", f"A {m} song, no. {n}", m) for m in moods for n in range(25)])
songs.columns = ["item_id", "title", "mood"]
plays = [(p, f"{moods[p % 4]}-{n}") for p in range(200) for n in rng.permutation(25)[:10]]
dataset = Dataset.from_frames(pd.DataFrame(plays, columns=["user_id", "item_id"]), songs)
train(dataset, TrainingConfig(epochs=3, batch_positions=300)).save("bundle")
store = f"embedded://{Path('store').absolute()}"
where = {"bundle": "bundle", "milvus_uri": "milvus.db", "store_url": store}
call(ingest(IngestConfig(**where)), dataset)
print(*(song["title"] for song in call(recommend(RecommendConfig(**where)), 3)), sep="\n")
