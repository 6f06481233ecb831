from .score_threshold import ScoreThreshold


def score_threshold(*args, **kwargs):
    return ScoreThreshold(*args, **kwargs)
