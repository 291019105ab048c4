"""Fills an empty database with a desk that has been in use for a year: `python -m slowdesk.seed`."""
