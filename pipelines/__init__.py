"""The hub repositories of the pipelines, a folder each; the wheel carries them for `hub export`."""
