"""Texts to scores to labels, and which model serves."""
