"""Records and histories in databases.

- `documents`: what all record stores share
- `redis`: Redis, Valkey, and clusters of them
- `embedded`: a Valkey server that the library starts in a folder
- `mysql`: MySQL and MariaDB
"""
