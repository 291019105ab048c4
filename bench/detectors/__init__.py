"""
Slowdesk and its healthy twin, with the agent in them, under the same traffic: is every fault found, and nothing else?
"""
