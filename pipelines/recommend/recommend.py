"""The pipeline ``recsys/recommend`` and its config, as the library has them, under the name by
which Towhee loads this file."""

from towhee import AutoConfig, AutoPipes

from towhee_recsys.pipelines import RecommendConfig, recommend

AutoPipes.register(recommend)
AutoConfig.register(RecommendConfig.draft)
