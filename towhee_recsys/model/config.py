"""Define the shape of a model, which is saved in its bundle."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from towhee_recsys.types import VECTOR_SIZE


class ModelConfig(BaseModel):
    """The shape of both towers."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    embedding_size: int = Field(VECTOR_SIZE, ge=8)
    """Numbers in a vector of all members together. The stores expect 256."""
    members: int = Field(2, ge=1, le=8)
    """Pairs of towers, trained separately. A vector is the members' vectors side by side, so the
    score is the sum of their scores."""
    blocks: int = Field(2, ge=1, le=8)
    """Blocks of the user tower."""
    heads: int = Field(8, ge=1)
    """Kernels in a block, each of which looks back a different number of items; or weights of a
    set's items."""
    hidden_size: int = Field(256, ge=8)
    """Width of the feed-forward part of a block."""
    max_history: int = Field(200, ge=1)
    """The user tower reads so many of the latest items of a history. If `ordered` is false, it
    reads all of them, and training reads so many random ones of each history."""
    ordered: bool = True
    """Whether a history is a sequence, whose latest items say most, or a set. `train` makes it a
    set if the data does not say the order."""

    def begin(self, length: int) -> int:
        """Where the part of a history begins that the tower needs. Of a sequence it is one item
        more than the tower reads, which tells it that there are more."""
        return max(0, length - self.max_history - 1) if self.ordered else 0

    @property
    def member_size(self) -> int:
        """Numbers in one member's vector."""
        return self.embedding_size // self.members

    @model_validator(mode="after")
    def _members_and_heads_divide_the_vector(self) -> ModelConfig:
        if self.embedding_size % (self.members * self.heads):
            raise ValueError(
                f"members={self.members} times heads={self.heads} must divide "
                f"embedding_size={self.embedding_size}"
            )
        return self
