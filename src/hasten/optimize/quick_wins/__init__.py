"""
Remedies that need no more than one rule of the policy.
"""
