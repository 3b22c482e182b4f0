"""Bars that several pages show."""
