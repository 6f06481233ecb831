from .nearest_items import NearestItems


def nearest_items(*args, **kwargs):
    return NearestItems(*args, **kwargs)
