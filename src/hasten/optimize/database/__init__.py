"""
Remedies for the database: fewer and cheaper statements.
"""
