from .calibrate import Calibrate


def calibrate(*args, **kwargs):
    return Calibrate(*args, **kwargs)
