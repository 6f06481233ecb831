"""From a request to an answer in plain Python: no Towhee, no HTTP, no command line.

The operators are shells over these, and whatever else serves answers can use them directly.

- `resources`: the model, the index and the record store of one deployment: opened once, shared by
  threads, closed
- `requests`: whatever a pipeline was called with, as complete queries
- `users`: records and histories from the store
- `rules`: what may be recommended to whom
- `search`: the items nearest to users' vectors
- `routing`: what each answer rests on, and popular items for users of whom nothing is known
- `diversity`, `reasons`, `likelihood`: items that differ, why they were chosen, how likely they are
- `similar`: the items nearest to an item
- `answers`: ranked items with their records
- `hits`: what several of them need for lists of hits
"""
