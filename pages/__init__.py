"""The pages: each a thin script that guards, asks core, and draws."""
