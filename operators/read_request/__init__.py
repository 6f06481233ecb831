from .read_request import ReadRequest


def read_request(*args, **kwargs):
    return ReadRequest(*args, **kwargs)
