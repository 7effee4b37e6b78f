"""Writes hyndman_fan.json: numpy's nine definitions on small and tied batches.

Run with numpy 2.x (1.x counts the even ranks of definition 3 from zero, which is a known fault):

    pip install numpy && python hyndman_fan.py > hyndman_fan.json
"""

import json
import random

import numpy

METHODS = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased",
]
SHARES = [0.0, 0.01, 0.05, 0.07, 0.1, 0.25, 0.3, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0]

random.seed(4)
batches = [[7.0], [1.0, 2.0], list(map(float, range(1, 11))), [5.0] * 6]
batches += [[round(random.lognormvariate(3, 1), 3) for _ in range(n)] for n in (3, 12, 37, 100)]
batches += [[float(random.randint(-3, 3)) for _ in range(n)] for n in (20, 50)]
rows = [
    {
        "values": values,
        "q": q,
        "types": [float(numpy.quantile(values, q, method=method)) for method in METHODS],
    }
    for values in batches
    for q in SHARES
]
print(json.dumps({"numpy": numpy.__version__, "rows": rows}))
