"""The hub repositories of the operators, a folder each; the wheel carries them for `hub export`."""
