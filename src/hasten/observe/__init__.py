"""
Probes: one file per thing that is measured. They read the world and change nothing.
"""
