"""Widgets that pages share. They take values and callbacks, and know no store and no model."""
