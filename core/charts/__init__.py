"""Charts: pure functions from a tidy frame to a Plotly figure, each with its text alternative beside it.

Colours suit both themes; texts take the theme's.
"""
