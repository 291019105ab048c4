"""
Does the change help, and are the answers the same? Trials, their statistics and their guards.
"""
