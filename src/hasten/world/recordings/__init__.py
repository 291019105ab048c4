"""
Recorded requests, one file per form they come in; `world.traffic` chooses.
"""
