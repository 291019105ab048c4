"""
Records requests of visitors for a while, so that they can be replayed as traffic: only where the policy says so.

Of a request is kept what is known to be harmless, and a request with anything else in it is not kept at all:
`harmless` decides that. Who asked becomes a keyed hash (`label`), `notes` bounds rate, bytes and time and writes, and
`watching` stands in front of the server's answer. `docs/telemetry.md` has the form of what is written.
"""
