"""Affectra without a screen: emotions in tweets, read on a plain CPU."""
