"""
What goes wrong inside the agent and around it: does the application answer as before?
"""
