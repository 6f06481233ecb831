"""From a request to an answer in plain Python: no Towhee, no HTTP."""
