"""Build your own pipeline: search with the mean of the last ten films, diversify the answer."""

from pathlib import Path

from towhee import ops, pipe

from towhee_recsys import Dataset, train
from towhee_recsys.pipelines import IngestConfig, call, ingest
from towhee_recsys.training import TrainingConfig

store, dataset = f"embedded://{Path('store').absolute()}", Dataset.load("sample")
bundle = train(dataset, TrainingConfig(epochs=1))
bundle.save("bundle")
call(ingest(IngestConfig(bundle="bundle", milvus_uri="milvus.db", store_url=store)), dataset)
index = {"uri": "milvus.db", "fingerprint": bundle.fingerprint}
films = ops.recsys.redis_lookup(url=store, kind="items")
p = pipe.input("users").map("users", "people", ops.recsys.user_lookup(url=store))
p = p.map("people", "last_ten", lambda people: films(people[0]["history"][-10:]))
p = p.map("last_ten", "vectors", ops.recsys.item_encoder(bundle="bundle"))
p = p.map("vectors", "mean", lambda vectors: vectors.mean(axis=0, keepdims=True))
p = p.map(("mean", "people"), "hits", ops.recsys.milvus_search(**index, top_k=40))
p = p.map("hits", "best", ops.recsys.rerank_mmr(**index, diversity=0.5, top_k=5)).output("best")
best = p([{"user_id": 42}]).get()[0][0]
print(*(film["title"] for film in films([hit["item_id"] for hit in best])), sep="\n")
