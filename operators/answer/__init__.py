from .answer import Answer


def answer(*args, **kwargs):
    return Answer(*args, **kwargs)
