"""
The agent in front of example applications: is every answer byte for byte the one that comes without it?
"""
