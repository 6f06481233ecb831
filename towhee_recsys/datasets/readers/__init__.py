"""Read files and data frames into raw tables, and check them.

- `loading`: finds the reader for a name, a path or data frames
- `movielens`, `movielens_records`: MovieLens archives, over `archive` (a zip or a folder)
- `described`: your own tables, described in a YAML file
- `frames`: data frames
- `delimited`: CSV and its kin; `table`: columns as they were read; `naming`: which column is which
- `assemble`: checks the tables, with `ids`, `values` and `times`, and makes the contents
- `problems`: collects what is wrong
"""
