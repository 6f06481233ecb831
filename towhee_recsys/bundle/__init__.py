"""A trained model as one folder of plain files.

- `bundle`: `Bundle`, its files and its fingerprint
- `metadata`: what a model was trained on, how, and with which result
- `popularity`: what is popular, among all users and among those with the same labels
- `calibration`: a score as a probability
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
