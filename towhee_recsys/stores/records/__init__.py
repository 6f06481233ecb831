"""Records and histories in databases.

- `documents`: what all record stores share
- `forgotten_list`: the list of what is forgotten, in any of them
- `redis`: Redis, Valkey, and clusters of them; `redis_files` has their files written anew
- `embedded`: a folder, with a Valkey server that the library starts; `valkey_server` runs it
- `mysql`: MySQL and MariaDB
"""
