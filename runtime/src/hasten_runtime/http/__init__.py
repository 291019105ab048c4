"""
The agent between a server and an application that speak HTTP.
"""
