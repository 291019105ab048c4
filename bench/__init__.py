"""
Every claim about speed or accuracy, measured: `make bench NAME=load_generator`.
"""
