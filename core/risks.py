"""What a model may say beside the emotions: ten categories of what a moderator should see."""

from typing import Final

RISKS: Final[tuple[str, ...]] = (
    "self-harm",
    "threat",
    "harassment",
    "hate",
    "sexual",
    "drugs",
    "crisis",
    "profanity",
    "privacy",
    "fraud",
)
"""In the order of a model's outputs, after the 28 emotions. The first eight are the categories of the rules."""

RISK_INDEX: Final = {name: place for place, name in enumerate(RISKS)}
