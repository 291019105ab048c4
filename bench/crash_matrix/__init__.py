"""
Is the application in the before or the after state, wherever a run is killed? For every kind of change, at every step.
"""
