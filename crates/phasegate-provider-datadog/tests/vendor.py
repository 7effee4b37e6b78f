"""What Datadog's own client sends for queries, and what it reads in the answer: one line of JSON."""

import json
import sys

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v2.api.metrics_api import MetricsApi
from datadog_api_client.v2.model.data_scalar_column import DataScalarColumn
from datadog_api_client.v2.model.metrics_aggregator import MetricsAggregator
from datadog_api_client.v2.model.metrics_data_source import MetricsDataSource
from datadog_api_client.v2.model.metrics_scalar_query import MetricsScalarQuery
from datadog_api_client.v2.model.query_formula import QueryFormula
from datadog_api_client.v2.model.scalar_formula_query_request import ScalarFormulaQueryRequest
from datadog_api_client.v2.model.scalar_formula_request import ScalarFormulaRequest
from datadog_api_client.v2.model.scalar_formula_request_attributes import ScalarFormulaRequestAttributes
from datadog_api_client.v2.model.scalar_formula_request_queries import ScalarFormulaRequestQueries
from datadog_api_client.v2.model.scalar_formula_request_type import ScalarFormulaRequestType

url, api_key, application_key, start, end, parts = sys.argv[1:]
parts = json.loads(parts)
queries = [
    MetricsScalarQuery(
        aggregator=MetricsAggregator(aggregator), data_source=MetricsDataSource.METRICS, name=name, query=query
    )
    for name, query, aggregator in parts
]
attributes = ScalarFormulaRequestAttributes(
    formulas=[QueryFormula(formula=name) for name, _, _ in parts],
    _from=int(start),
    queries=ScalarFormulaRequestQueries(queries),
    to=int(end),
)
body = ScalarFormulaQueryRequest(
    data=ScalarFormulaRequest(attributes=attributes, type=ScalarFormulaRequestType.SCALAR_REQUEST)
)
configuration = Configuration(host=url)
configuration.api_key["apiKeyAuth"] = api_key
configuration.api_key["appKeyAuth"] = application_key
configuration.enable_retry = False
with ApiClient(configuration) as client:
    answer = MetricsApi(client).query_scalar_data(body=body)
found = {}
for column in answer.data.attributes.columns:
    column = column.get_oneof_instance()
    # What fits none of the client's types is kept by it as it is: that would be no contract.
    assert isinstance(column, DataScalarColumn), column
    found[column.name] = column.values
print(json.dumps(found))
