"""What happens without a page."""
