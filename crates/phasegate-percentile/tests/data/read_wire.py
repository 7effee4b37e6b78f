"""Writes read.json: what other implementations read from ours.json.

    pip install ddsketch hdrhistogram opentelemetry-proto grpcio-tools
    (metrics.proto is io.prometheus.client's, as published with client_model)
    python -m grpc_tools.protoc -I. --python_out=. metrics.proto
    python read_wire.py > read.json
"""

import base64
import json

import metrics_pb2
from ddsketch.pb import ddsketch_pb2
from ddsketch.pb.proto import DDSketchProto
from hdrh.histogram import HdrHistogram
from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint

SHARES = [0.01, 0.25, 0.5, 0.9, 0.99]
ours = {name: bytes.fromhex(text) for name, text in json.load(open("ours.json")).items()}
read = {}
for name, data in ours.items():
    if name.startswith("ddsketch"):
        sketch = DDSketchProto.from_proto(ddsketch_pb2.DDSketch.FromString(data))
        read[name] = [sketch.get_quantile_value(q) for q in SHARES]
    elif name.startswith("hdr") and name.endswith("deflate"):
        histogram = HdrHistogram.decode(base64.b64encode(data))
        read[name] = [histogram.get_value_at_percentile(100 * q) for q in SHARES]
    elif name == "otel":
        point = ExponentialHistogramDataPoint.FromString(data)
        read[name] = {
            "scale": point.scale,
            "count": point.count,
            "sum": point.sum,
            "zero": point.zero_count,
            "offset": point.positive.offset,
            "counts": list(point.positive.bucket_counts),
        }
    elif name == "prometheus":
        histogram = metrics_pb2.Histogram.FromString(data)
        counts, index, count, deltas = {}, 0, 0, iter(histogram.positive_delta)
        for span in histogram.positive_span:
            index += span.offset
            for _ in range(span.length):
                count += next(deltas)
                counts[index] = count
                index += 1
        read[name] = {
            "schema": histogram.schema,
            "count": histogram.sample_count,
            "sum": histogram.sample_sum,
            "zero": histogram.zero_count,
            "buckets": [[index, n] for index, n in counts.items() if n],
        }
print(json.dumps(read))
