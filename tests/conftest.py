"""What all tests stand on."""

from hypothesis import settings

# The same examples each time: a suite that fails by chance tells nothing about the change it is run for.
# `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")
