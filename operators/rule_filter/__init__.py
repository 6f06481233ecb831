from .rule_filter import RuleFilter


def rule_filter(*args, **kwargs):
    return RuleFilter(*args, **kwargs)
