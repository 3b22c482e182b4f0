"""What things cost beside what else does them."""
