"""The parts of the page Audit: filters, and one module for each tab."""
