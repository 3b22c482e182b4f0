"""What is said of a text; pure."""
