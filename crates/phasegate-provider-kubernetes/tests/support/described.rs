//! The published schemas: what the adapter sends and what the test's server answers is held against them.

use jsonschema::Validator;
use serde_json::{Value, json};

const ROUTE: &str = include_str!("../data/httproute-v1.json");
const KUBERNETES: &str = include_str!("../data/kubernetes-openapi.json");

pub(crate) struct Description {
    route: Validator,
    scale: Validator,
    status: Validator,
}

impl Description {
    pub(crate) fn read() -> Self {
        let mut route: Value = serde_json::from_str(ROUTE).expect("JSON");
        close(&mut route);
        let kubernetes: Value = serde_json::from_str(KUBERNETES).expect("JSON");
        let of = |name: &str| {
            let mut schema = kubernetes.clone();
            close(&mut schema);
            schema["$ref"] = json!(format!("#/definitions/{name}"));
            jsonschema::validator_for(&schema).expect("a schema")
        };
        Self {
            route: jsonschema::validator_for(&route).expect("a schema"),
            scale: of("io.k8s.api.autoscaling.v1.Scale"),
            status: of("io.k8s.apimachinery.pkg.apis.meta.v1.Status"),
        }
    }

    pub(crate) fn route_faults(&self, value: &Value) -> Vec<String> {
        faults(&self.route, value)
    }

    pub(crate) fn scale_faults(&self, value: &Value) -> Vec<String> {
        faults(&self.scale, value)
    }

    pub(crate) fn status_faults(&self, value: &Value) -> Vec<String> {
        faults(&self.status, value)
    }
}

fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

/// What is not described is a fault, as where the server validates strictly. What Kubernetes calls an object without
/// properties may hold anything.
fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.get("type") == Some(&json!("object")) && members.contains_key("properties") {
                let closed = members.entry("additionalProperties");
                closed.or_insert(json!(false));
            }
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {}
    }
}
