"""The pipeline ``recsys/ingest`` and its config, as the library has them, under the name by
which Towhee loads this file."""

from towhee import AutoConfig, AutoPipes

from towhee_recsys.pipelines import IngestConfig, ingest

AutoPipes.register(ingest)
AutoConfig.register(IngestConfig.draft)
