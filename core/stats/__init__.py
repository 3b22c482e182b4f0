"""Statistics over arrays; pure."""
