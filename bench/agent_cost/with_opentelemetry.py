"""
The same application under OpenTelemetry's instrumentation of FastAPI and psycopg: every request recorded, batches of
spans thrown away where they would be sent.
"""

from typing import Any

from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Nowhere(SpanExporter):
    """
    Sends nothing.
    """

    def export(self, spans: Any) -> SpanExportResult:  # noqa: ARG002 (the signature is OpenTelemetry's)
        """
        The spans are gone.
        """
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Nowhere()))
trace.set_tracer_provider(provider)
# Before the application connects: connections are wrapped when they are made.
PsycopgInstrumentor().instrument()

from bench.agent_cost.app import app  # noqa: E402

FastAPIInstrumentor.instrument_app(app)
