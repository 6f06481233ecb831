"""Save, load and describe a trained model, as one folder of plain files.

- `bundle`: `Bundle`, its files and its fingerprint
- `metadata`: what a model was trained on, how, and with which result
- `comparison`: how a model compares with the best baseline, in words
- `popularity`: popular items, among all users and among users with the same label
- `calibration`: scores as probabilities
- `card`: the model card
"""

from towhee_recsys.bundle.bundle import (
    Bundle,
    read_manifest,
    read_metadata,
    read_schema,
)
from towhee_recsys.bundle.metadata import Metadata

__all__ = ["Bundle", "Metadata", "read_manifest", "read_metadata", "read_schema"]
