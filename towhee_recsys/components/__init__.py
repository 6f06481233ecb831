"""Answer requests in plain Python, without Towhee, HTTP or a command line.

The operators call these components. Other ways of serving can use them directly.

- `resources`: open, share and close the model, the index and the record store of a deployment
- `requests`: check requests and fill in defaults, which gives complete queries
- `users`: look up records and histories
- `rules`: restrict what may be recommended to whom
- `search`: find the items nearest to users' vectors
- `routing`: give each hit its route, and popular items to users without record and history
- `diversity`: choose items that differ
- `reasons`: name the seen items that contribute most to a score
- `likelihood`: add the probability that an item is the user's next one
- `similar`: find the items nearest to an item
- `answers`: add ranks and records
- `frames`: `to_frame`, answers as a DataFrame
- `notes`: say in words what of a request is not known
- `hits`: helpers for lists of hits
"""
