"""Read files and data frames into raw tables, and check them.

- `loading`: finds the reader for a name, a path or data frames
- `movielens`, `movielens_records`: MovieLens archives, over `archive` (a zip or a folder)
- `described`: your own tables, described in a YAML file; `description` has its models, and
  `dataset_yaml` reads it
- `sources`: reads a described table, with `paths`, `text_files`, `json_lines`, `parquet` and `sql`
- `side_tables`, `references`: further tables, and ids that only the interactions have
- `frames`: data frames
- `delimited`: CSV and its kin; `sniffing` finds how a file is written; `arrays`: Python's values
- `table`: columns as they were read; `naming`: which column is which
- `assemble`: checks the tables, with `ids`, `values`, `times` and `date_formats`, and makes the
  contents
- `problems`: collects what is wrong
"""
