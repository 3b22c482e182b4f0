"""Engines: each module computes scores with one library, imported only when a model asks for it."""
