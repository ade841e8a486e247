//! The only requests with a body that are answered: who may do what. Anything else that is no GET is refused.

use serde_json::{Value, json};

use crate::{
    Api, proto,
    request::Request,
    response::{Failure, Response},
    value::str,
};

impl Api {
    pub(crate) fn review(&self, request: &Request) -> Result<Response<'_>, Failure> {
        let parts: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let (group, what) = match (request.method.as_str(), parts.as_slice()) {
            (
                "POST",
                [
                    "apis",
                    group @ ("authorization.k8s.io" | "authentication.k8s.io"),
                    _,
                    what,
                ],
            ) => (*group, *what),
            _ => return Err(Failure::read_only(&request.method)),
        };
        let known = [
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "selfsubjectreviews",
        ];
        if !known.contains(&what) {
            return Err(Failure::read_only(&request.method));
        }
        let mut review: Value = serde_json::from_slice(&request.body)
            .ok()
            .or_else(|| proto::review(&request.body))
            .ok_or_else(|| Failure::bad("the body is no review that is understood"))?;
        let Value::Object(fields) = &mut review else {
            return Err(Failure::bad("a review is an object"));
        };
        let spec = fields.get("spec").cloned().unwrap_or_default();
        let status = match (group, what) {
            (_, "selfsubjectaccessreviews") => self.access(&spec),
            (_, "selfsubjectrulesreviews") => json!({
                "incomplete": false,
                "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["*"]}],
                "resourceRules": [{"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]}],
            }),
            _ => json!({"userInfo": {"username": "coldcase", "groups": ["system:authenticated"]}}),
        };
        fields.insert("status".to_owned(), status);
        Ok(Response {
            status: 201,
            ..Response::json(&review)
        })
    }

    /// Reading is allowed where something was captured.
    fn access(&self, spec: &Value) -> Value {
        let verb = match str(spec, "resourceAttributes.verb") {
            "" => str(spec, "nonResourceAttributes.verb"),
            verb => verb,
        };
        if !matches!(verb, "get" | "list" | "watch") {
            return json!({"allowed": false, "reason": "a bundle is read-only"});
        }
        let group = str(spec, "resourceAttributes.group");
        let plural = str(spec, "resourceAttributes.resource");
        let namespace = str(spec, "resourceAttributes.namespace");
        let mut resources = self.store.resources.iter().zip(&self.store.items);
        let found = resources.find(|(resource, _)| {
            resource.plural == plural && (resource.group == group || group == "*")
        });
        match found {
            Some((resource, items)) => {
                let captured = !items.is_empty()
                    || self.coverage.covers(&resource.covered, namespace)
                    || self.coverage.scopes.contains_key(&resource.covered);
                if captured {
                    json!({"allowed": true})
                } else {
                    let namespace = Some(namespace).filter(|name| !name.is_empty());
                    json!({"allowed": false, "reason": self.missing(resource, namespace).message})
                }
            }
            None if plural.is_empty() || plural == "*" => json!({"allowed": true}),
            None => json!({"allowed": false, "reason": "not captured in this bundle"}),
        }
    }
}
