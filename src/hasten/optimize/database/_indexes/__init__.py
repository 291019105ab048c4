"""
The parts of `database.indexes`: definitions and the catalog, candidates, prices, the search.
"""
