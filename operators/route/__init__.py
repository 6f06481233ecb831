from .route import Route


def route(*args, **kwargs):
    return Route(*args, **kwargs)
