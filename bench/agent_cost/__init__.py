"""
What the agent costs the process that it is in: processor time per request and statement, boot time, memory.
"""
