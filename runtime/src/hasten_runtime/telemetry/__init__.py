"""
What the agent measures of the process that it is in: requests by route, statements by text, both as histograms.

Nothing here is imported at boot but `drivers`, which waits for the database drivers; the rest comes with the first
request or statement. `docs/telemetry.md` describes what is written down, and what never is.
"""
