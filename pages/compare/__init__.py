"""The tabs of the comparison page, a module each."""
