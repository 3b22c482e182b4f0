"""Recorded runs: what they measured, how they compare, what others published."""
