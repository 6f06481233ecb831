"""Records and histories in databases.

- `documents`: what all record stores share
- `redis`: Redis, Valkey, and clusters of them
- `embedded`: a folder, with a Valkey server that the library starts; `valkey_server` runs it
- `mysql`: MySQL and MariaDB
"""
