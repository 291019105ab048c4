"""
What every optimization must keep to, as functions that any test can call, and the private servers to try it on.

Shipped with Hasten, so that optimizations of other packages are held to the same laws.
"""
