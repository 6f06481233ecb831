"""What one does to a home folder or a deployment, as plain functions.

- `home`: the folder that the commands share
- `status`: where everything is
- `doctor`: what is installed, what answers, and whether it fits together
"""
