"""
Takes a slow web application to fast, and proves it.

Start reading at `hasten.cycle`: observe, diagnose, optimize, verify, decide, record.
"""

__version__ = "0.1.0"
