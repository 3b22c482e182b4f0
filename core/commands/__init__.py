"""The commands of `python -m core`: each declares its options in `add`, and imports in `run` what it needs.

Heavy modules are imported inside: by then Ctrl-C is answered.
"""
