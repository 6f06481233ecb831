from .user_encoder import UserEncoder


def user_encoder(*args, **kwargs):
    return UserEncoder(*args, **kwargs)
