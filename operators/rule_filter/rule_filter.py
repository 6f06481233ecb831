"""The operator ``recsys/rule_filter``, as the library has it."""

from towhee_recsys.operators import RuleFilter

__all__ = ["RuleFilter"]
