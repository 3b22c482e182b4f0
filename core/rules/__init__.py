"""The context audit: sensitive terms in context become flags with a severity. It flags, and never blocks.

reading   a text becomes words with their places, look-alikes and disguises undone
phrases   the small language in which terms are written, and its matcher
rulebook  the file of terms and rules, checked
audit     terms are found, judged by the words around them and by the emotions, and become flags
"""

from core.rules.flags import CATEGORIES, SEVERITIES, Flag
from core.rules.judge import Rules

__all__ = ["CATEGORIES", "SEVERITIES", "Flag", "Rules"]
