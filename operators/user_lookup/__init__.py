from .user_lookup import UserLookup


def user_lookup(*args, **kwargs):
    return UserLookup(*args, **kwargs)
