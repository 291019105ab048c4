"""Slowdesk: a help desk for inquiries."""
