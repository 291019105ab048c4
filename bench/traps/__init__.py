"""
Changes that look fast and are wrong: does the code that ships reject every one, for the right reason?
"""
