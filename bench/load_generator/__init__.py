"""
Does the load generator tell the truth? Against a server whose delays are known, beside a closed-loop generator.
"""
