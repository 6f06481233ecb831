"""Records and histories in Redis, in MySQL, or in a Valkey server that the library starts.

- `documents`: what all record stores share
- `redis`, `mysql`, `embedded`: the databases
"""
