"""Which predictions somebody looks at; pure."""
