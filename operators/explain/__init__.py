from .explain import Explain


def explain(*args, **kwargs):
    return Explain(*args, **kwargs)
