"""Go from tables to recommendations with titles in seconds. Run it in an empty folder."""

from pathlib import Path

from towhee_recsys import Dataset, train
from towhee_recsys.pipelines import IngestConfig, RecommendConfig, call, ingest, recommend
from towhee_recsys.training import TrainingConfig

dataset = Dataset.load("sample")  # or "ml-1m", a MovieLens zip, your own dataset.yaml
train(dataset, TrainingConfig(epochs=1)).save("bundle")  # better and slower: train(dataset)

store = f"embedded://{Path('store').absolute()}"  # or redis://…, mysql+pymysql://…
where = {"bundle": "bundle", "milvus_uri": "milvus.db", "store_url": store}
call(ingest(IngestConfig(**where)), dataset)

for film in call(recommend(RecommendConfig(**where, top_k=5)), 42):
    print(f"{film['rank']}  {film['score']:.2f}  {film['title']} ({film['year']})")
