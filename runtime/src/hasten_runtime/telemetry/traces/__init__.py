"""
Traces: what a few requests did, step by step, so that somebody can say where their time went.

A request is taken about every tenth of a second (`sampling`). What is of interest on its way (a statement, a call to
another service, a template) is hooked where it happens, and adds a step to the request's trace if there is one
(`trace.record`). Values are never kept, only keyed hashes that tell equal ones apart from unequal ones (`digest`).
`file` writes the traces down. `docs/telemetry.md` describes a trace.
"""
