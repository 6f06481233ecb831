"""The pipeline ``recsys/similar_items`` and its config, as the library has them, under the name by
which Towhee loads this file."""

from towhee import AutoConfig, AutoPipes

from towhee_recsys.pipelines import SimilarItemsConfig, similar_items

AutoPipes.register(similar_items)
AutoConfig.register(SimilarItemsConfig.draft)
