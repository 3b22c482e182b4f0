"""What an audit says of a text: a flag, its category and its severity."""

from core.flags import CATEGORIES, SEVERITIES, Flag

__all__ = ["CATEGORIES", "SEVERITIES", "Flag"]
