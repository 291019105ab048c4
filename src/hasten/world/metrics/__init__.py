"""
What the agents have counted, for other systems: as Prometheus reads it, and as OpenTelemetry's collectors take it.
"""
