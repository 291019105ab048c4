"""
How often is the judge wrong? On simulated machines that drift, and on slowdesk.
"""
