"""Writes wire.json: the same values in the forms that other implementations write.

    pip install ddsketch hdrhistogram opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
    python make_wire.py > wire.json

Versions used: ddsketch 3.0.1, hdrhistogram 0.10.8, opentelemetry-sdk 1.45.2.
"""

import base64
import json
import math

from ddsketch import DDSketch
from ddsketch.ddsketch import BaseDDSketch
from ddsketch.mapping import CubicallyInterpolatedMapping, LinearlyInterpolatedMapping
from ddsketch.pb.proto import DDSketchProto
from ddsketch.store import DenseStore
from hdrh.histogram import HdrHistogram
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View

SHARES = [0.01, 0.25, 0.5, 0.9, 0.99]


def numbers(n):
    """The same generator as in tests/wire.rs."""
    state, found = 1, []
    for _ in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        found.append(state >> 44)
    return found


def ddsketch(sketch):
    for number in numbers(1000):
        sketch.add(1 + number / 64)
    for value in (0.0, -3.5, -1000.25, 0.0):
        sketch.add(value)
    return {
        "bytes": DDSketchProto.to_proto(sketch).SerializeToString().hex(),
        "quantiles": [sketch.get_quantile_value(q) for q in SHARES],
    }


def with_mapping(mapping):
    return BaseDDSketch(mapping, DenseStore(), DenseStore(), 0)


def hdr(digits, compressed):
    histogram = HdrHistogram(1, 10**9, digits)
    for number in numbers(1000):
        histogram.record_value(number)
    text = histogram.encode()
    raw = base64.b64decode(text)
    if not compressed:
        import zlib

        raw = zlib.decompress(raw[8:])
    return {
        "bytes": raw.hex(),
        "quantiles": [histogram.get_value_at_percentile(100 * q) for q in SHARES],
    }


def otel():
    reader = InMemoryMetricReader()
    view = View(
        instrument_name="*",
        aggregation=ExponentialBucketHistogramAggregation(max_size=4096, max_scale=6),
    )
    provider = MeterProvider(metric_readers=[reader], views=[view])
    recorder = provider.get_meter("m").create_histogram("h")
    for number in numbers(1000):
        recorder.record(1 + number / 64)
    recorder.record(0)
    message = encode_metrics(reader.get_metrics_data())
    metric = message.resource_metrics[0].scope_metrics[0].metrics[0]
    point = metric.exponential_histogram.data_points[0]
    return {
        "bytes": point.SerializeToString().hex(),
        "scale": point.scale,
        "count": point.count,
        "sum": point.sum,
        "offset": point.positive.offset,
        "counts": list(point.positive.bucket_counts),
    }


print(
    json.dumps(
        {
            "ddsketch_logarithmic": ddsketch(DDSketch(0.01)),
            "ddsketch_cubic": ddsketch(with_mapping(CubicallyInterpolatedMapping(0.01))),
            "ddsketch_linear": ddsketch(
                with_mapping(LinearlyInterpolatedMapping.from_gamma_offset(math.exp(1 / 64), 0.0))
            ),
            "hdr_2": hdr(2, False),
            "hdr_3_deflate": hdr(3, True),
            "otel": otel(),
        }
    )
)
