"""
OpenTelemetry's protocol as protobuf knows it, for tests: the published messages that Hasten sends, read strictly.

A field that is not there, a value of another type, or a number that does not fit is refused, as a collector does it.
The field numbers are those of opentelemetry-proto 1.x; JSON is read by protobuf's own reader.
"""

import json
import re
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

_MESSAGES = {
    "AnyValue": "string_value=1:string bool_value=2:bool int_value=3:int64 double_value=4:double",
    "KeyValue": "key=1:string value=2:AnyValue",
    "InstrumentationScope": "name=1:string version=2:string attributes=3:*KeyValue dropped_attributes_count=4:uint32",
    "Resource": "attributes=1:*KeyValue dropped_attributes_count=2:uint32",
    "ExportMetricsServiceRequest": "resource_metrics=1:*ResourceMetrics",
    "ResourceMetrics": "resource=1:Resource scope_metrics=2:*ScopeMetrics schema_url=3:string",
    "ScopeMetrics": "scope=1:InstrumentationScope metrics=2:*Metric schema_url=3:string",
    "Metric": "name=1:string description=2:string unit=3:string gauge=5:Gauge sum=7:Sum histogram=9:Histogram",
    "Gauge": "data_points=1:*NumberDataPoint",
    "Sum": "data_points=1:*NumberDataPoint aggregation_temporality=2:int32 is_monotonic=3:bool",
    "Histogram": "data_points=1:*HistogramDataPoint aggregation_temporality=2:int32",
    "NumberDataPoint": "start_time_unix_nano=2:fixed64 time_unix_nano=3:fixed64 as_double=4:double as_int=6:sfixed64"
    " attributes=7:*KeyValue flags=8:uint32",
    "HistogramDataPoint": "start_time_unix_nano=2:fixed64 time_unix_nano=3:fixed64 count=4:fixed64 sum=5:double"
    " bucket_counts=6:*fixed64 explicit_bounds=7:*double attributes=9:*KeyValue flags=10:uint32",
    "ExportTraceServiceRequest": "resource_spans=1:*ResourceSpans",
    "ResourceSpans": "resource=1:Resource scope_spans=2:*ScopeSpans schema_url=3:string",
    "ScopeSpans": "scope=1:InstrumentationScope spans=2:*Span schema_url=3:string",
    "Span": "trace_id=1:bytes span_id=2:bytes trace_state=3:string parent_span_id=4:bytes name=5:string kind=6:int32"
    " start_time_unix_nano=7:fixed64 end_time_unix_nano=8:fixed64 attributes=9:*KeyValue"
    " dropped_attributes_count=10:uint32 status=15:Status flags=16:fixed32",
    "Status": "message=2:string code=3:int32",
}
#: At most one of these is set.
_ONE_OF = {"AnyValue": "value", "Metric": "data", "NumberDataPoint": "value"}
_IN_ONE_OF = (
    "string_value", "bool_value", "int_value", "double_value", "gauge", "sum", "histogram", "as_double", "as_int",
)  # fmt: skip


def metrics_request(body: bytes) -> Any:
    """
    The message in the JSON body of an export of metrics.
    """
    return _read(body, "ExportMetricsServiceRequest")


def traces_request(body: bytes) -> Any:
    """
    The message in the JSON body of an export of spans.

    Identifiers are in hexadecimal there, which protobuf's own JSON does not have.
    """
    document = json.loads(body)
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name, digits in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
                    value = span.get(name, "")
                    assert not value or re.fullmatch(rf"[0-9a-f]{{{digits}}}", value), f"{name} is {value!r}"
    return _read(body, "ExportTraceServiceRequest")


def texts(attributes: Any) -> dict[str, str]:
    """
    Attributes by name.
    """
    found = {each.key: each.value.string_value for each in attributes}
    assert len(found) == len(attributes)
    return found


def _read(body: bytes, name: str) -> Any:
    # Enumerations are declared as numbers here: the protocol's JSON allows no names for them.
    return json_format.Parse(body, message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"otlp.{name}"))())


def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="otlp.proto", package="otlp", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        if name in _ONE_OF:
            message.oneof_decl.add(name=_ONE_OF[name])
        for each in fields.split():
            _field(message, *re.fullmatch(r"(\w+)=(\d+):(\*?)(\w+)", each).groups())  # type: ignore[union-attr]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _field(message: Any, name: str, number: str, star: str, kind: str) -> None:
    types = descriptor_pb2.FieldDescriptorProto
    made = message.field.add(name=name, number=int(number))
    made.label = types.LABEL_REPEATED if star else types.LABEL_OPTIONAL
    if kind in _MESSAGES:
        made.type, made.type_name = types.TYPE_MESSAGE, f".otlp.{kind}"
    else:
        made.type = getattr(types, f"TYPE_{kind.upper()}")
    if message.name in _ONE_OF and name in _IN_ONE_OF:
        made.oneof_index = 0
