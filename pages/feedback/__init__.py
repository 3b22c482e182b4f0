"""The tabs of the page Feedback."""
