"""Train RecTools' SASRec on histories, and rank the held-out items.

    python sasrec.py FOLDER --seconds 300

It runs in a virtual environment of its own and does not use towhee_recsys. FOLDER has ``task.npz``:

- ``offsets`` (U + 1), ``items`` (N): the training history of user u, oldest first, is
  ``items[offsets[u]:offsets[u + 1]]``
- ``validation``, ``test`` (U): the held-out items, -1 for a user who is not evaluated
- ``ranked`` (R): the items to rank

The script writes ``validation.npy`` and ``test.npy``, with a rank from 1 for each evaluated user in
the users' order, and ``facts.json``. For the test the history ends with the validation item. Items
that the user has seen are not ranked, an equal score counts against the model, and a target without
interactions in training comes last.

The settings are those of RecTools' published benchmark (github.com/blondered/bert4rec_repro): two
blocks, four heads, 256 numbers, the last 100 items, dropout 0.2, the softmax over all items, Adam
at 1e-3, batches of 128. As there, the model of the best epoch by validation on 2,048 users is kept.
The time of these validations is part of the seconds.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import Callback, Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

SETTINGS = {
    "n_blocks": 2,
    "n_heads": 4,
    "n_factors": 256,
    "session_max_len": 100,
    "dropout_rate": 0.2,
    "loss": "softmax",
    "lr": 0.001,
    "batch_size": 128,
}
VALIDATION_USERS = 2_048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, required=True, help="of training")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    seed_everything(args.seed)
    task = Task(args.folder / "task.npz")

    def trainer() -> Trainer:
        return Trainer(
            accelerator="cpu",
            max_epochs=-1,
            max_time=timedelta(seconds=args.seconds),
            callbacks=[BestEpoch(task, args.seed)],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    model = SASRecModel(get_trainer_func=trainer, **SETTINGS)
    begin = time.perf_counter()
    model.fit(task.dataset())
    seconds = time.perf_counter() - begin
    module = model.lightning_model
    best = next(c for c in model.fit_trainer.callbacks if isinstance(c, BestEpoch))
    best.load(module)
    for which in ("validation", "test"):
        np.save(args.folder / f"{which}.npy", task.ranks(module, which, task.evaluated))
    facts = {
        "seconds": seconds,
        "epochs": best.epochs,
        "steps_a_second": best.steps / best.seconds,
        "examples_a_second": best.examples / best.seconds,
        "seconds_an_epoch": best.seconds / best.epochs,
        "best_epoch": best.epoch,
        "validations": best.validations,
        "numbers": SETTINGS["n_factors"],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("rectools", "torch", "pytorch-lightning")},
        },
    }
    (args.folder / "facts.json").write_text(json.dumps(facts, indent=2))


class Task:
    """Training histories and held-out items."""

    def __init__(self, path: Path) -> None:
        arrays = np.load(path)
        self.offsets, self.items = arrays["offsets"], arrays["items"]
        self.targets = {which: arrays[which] for which in ("validation", "test")}
        self.ranked = arrays["ranked"]
        self.evaluated = np.flatnonzero(self.targets["test"] >= 0)

    def dataset(self) -> Dataset:
        """The training histories. An item's position in the history is its time."""
        lengths = np.diff(self.offsets)
        position = np.arange(len(self.items)) - np.repeat(self.offsets[:-1], lengths)
        table = {
            Columns.User: np.repeat(np.arange(len(lengths)), lengths),
            Columns.Item: self.items,
            Columns.Weight: 1,
            Columns.Datetime: pd.to_datetime(position, unit="s"),
        }
        return Dataset.construct(pd.DataFrame(table))

    def past(self, user: int, which: str) -> np.ndarray:
        history = self.items[self.offsets[user] : self.offsets[user + 1]]
        if which == "validation":
            return history
        return np.append(history, self.targets["validation"][user])

    @torch.inference_mode()
    def ranks(self, module, which: str, users: np.ndarray) -> np.ndarray:
        """The rank of each user's target among the ranked items that the user has not seen."""
        module.eval()
        network, length = module.torch_model, SETTINGS["session_max_len"]
        known = module.data_preparator.get_known_item_ids().astype(np.int64)
        row = np.full(1 + max(self.items.max(), self.ranked.max()), -1)  # of each known item
        row[known] = module.data_preparator.get_known_items_sorted_internal_ids()
        vectors = network.item_model.get_all_embeddings()
        candidates = np.zeros(len(vectors), dtype=bool)
        candidates[row[self.ranked][row[self.ranked] >= 0]] = True
        ranks = np.full(len(users), len(self.ranked))
        for begin in range(0, len(users), 256):
            some = users[begin : begin + 256]
            pasts = [row[self.past(user, which)] for user in some]
            pasts = [past[past >= 0] for past in pasts]
            read = np.zeros((len(some), length), dtype=np.int64)
            for i, past in enumerate(pasts):
                read[i, length - len(past[-length:]) :] = past[-length:]
            states = network.encode_sessions({"x": torch.from_numpy(read)}, vectors)[:, -1]
            scores = (states @ vectors.T).numpy()
            scores[:, ~candidates] = -np.inf
            target = row[self.targets[which][some]]
            own = scores[np.arange(len(some)), target]
            for i, past in enumerate(pasts):
                scores[i, past] = -np.inf
            place = (~(scores < own[:, None])).sum(axis=1)
            ranks[begin : begin + 256] = np.where(target >= 0, place, len(self.ranked))
        return ranks


class BestEpoch(Callback):
    """Keeps the weights of the best epoch by validation, and measures the time of steps."""

    def __init__(self, task: Task, seed: int) -> None:
        self.task = task
        rng = np.random.default_rng(seed)
        self.users = np.sort(rng.permutation(task.evaluated)[:VALIDATION_USERS])
        self.weights: dict[str, torch.Tensor] = {}
        self.steps = self.examples = 0
        self.seconds = self.epochs = self.epoch = 0.0
        self.validations: list[float] = []

    def on_train_epoch_start(self, trainer, module) -> None:
        self.last = time.perf_counter()

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx) -> None:
        now = time.perf_counter()
        self.seconds += now - self.last
        self.last = now
        self.steps += 1
        self.examples += int((batch["y"] != 0).sum())
        self.epochs = self.steps / trainer.num_training_batches

    def on_train_epoch_end(self, trainer, module) -> None:
        ranks = self.task.ranks(module, "validation", self.users)
        ndcg = float(np.where(ranks <= 10, 1 / np.log2(ranks + 1), 0).mean())
        if ndcg > max(self.validations, default=-1.0):
            state = module.torch_model.state_dict()
            self.weights = {name: weight.clone() for name, weight in state.items()}
            self.epoch = self.epochs
        self.validations.append(ndcg)
        module.train()

    def load(self, module) -> None:
        if self.weights:
            module.torch_model.load_state_dict(self.weights)


if __name__ == "__main__":
    main()
