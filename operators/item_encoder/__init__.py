from .item_encoder import ItemEncoder


def item_encoder(*args, **kwargs):
    return ItemEncoder(*args, **kwargs)
