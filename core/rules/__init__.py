"""The context audit: sensitive terms in context become flags with a severity. It flags, and never blocks.

reading   a text becomes words with their places, look-alikes and disguises undone
phrases   the small language in which terms are written, and its matcher
rulebook  the file of terms and rules, checked
audit     terms are found, judged by the words around them and by the emotions, and become flags
"""

from core.rules.audit import Rules
from core.rules.flag import CATEGORIES, SEVERITIES, Flag

__all__ = ["CATEGORIES", "SEVERITIES", "Flag", "Rules"]
