"""Operate on a home folder or a deployment, with plain functions.

- `home`: the folder that the commands share
- `training`: train a model, measure it, write its report
- `status`: where everything is
- `doctor`: what is installed, which stores answer, and whether everything fits
"""
