//! Answers the read-only requests of a Kubernetes API from a bundle: a request in, a response out, no socket, no clock.
//!
//! Objects are served as they were captured, every field of them; what was not captured is an error
//! that says so, never an empty list. "Now", for ages and `sinceSeconds`, is the capture time.

mod discovery;
mod events;
mod faults;
mod guess;
mod list;
mod logs;
mod proto;
mod raw;
mod request;
mod resources;
mod response;
mod review;
mod select;
mod store;
mod table;
mod tree;
mod value;

use coldcase_bundle::Bundle;
use coldcase_snapshot::{
    Options,
    coverage::{Coverage, Status},
};
use jiff::Timestamp;
use serde_json::json;

pub use faults::{Fault, Faults};
pub use request::{LONGEST_TARGET, Request};
pub use response::{Body, Failure, NOT_CAPTURED, Response, Stream};

use logs::Logs;
use resources::Resource;
use store::{Item, Store};

/// The API of one bundle.
#[derive(Debug)]
pub struct Api {
    bundle: Bundle,
    store: Store,
    logs: Logs,
    coverage: Coverage,
    now: Option<Timestamp>,
    version: Option<String>,
}

/// What a bundle can answer, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Objects of all kinds, an event in two versions counted once.
    pub objects: usize,
    /// Logs of containers.
    pub logs: usize,
    /// Capture time.
    pub captured_at: Option<Timestamp>,
    /// Version of the API server.
    pub version: Option<String>,
}

impl Api {
    /// Reads a bundle; it stays open, as logs are read when they are asked for.
    pub fn new(bundle: Bundle, options: &Options) -> Self {
        let snapshot = coldcase_snapshot::read_with(&bundle, options);
        let store = Store::new(&bundle, &snapshot, options);
        let logs = Logs::new(&snapshot);
        let coverage = snapshot.coverage;
        let (now, version) = (snapshot.captured_at, snapshot.server_version);
        Self {
            bundle,
            store,
            logs,
            coverage,
            now,
            version,
        }
    }

    /// How much there is.
    pub fn summary(&self) -> Summary {
        let resources = self.store.resources.iter().zip(&self.store.items);
        Summary {
            objects: resources
                .filter(|(resource, _)| resource.group != "events.k8s.io")
                .map(|(_, items)| items.len())
                .sum(),
            logs: self.logs.len(),
            captured_at: self.now,
            version: self.version.clone(),
        }
    }

    /// The capture time as HTTP writes it: what the API server's clock said.
    pub fn date(&self) -> Option<String> {
        let now = self.now?;
        Some(now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
    }

    /// Answers a request.
    pub fn answer(&self, request: &Request) -> Response<'_> {
        self.route(request)
            .unwrap_or_else(|failure| failure.response())
    }

    /// The resource that a request is about, as its plural name; `logs` for the log of a pod.
    pub fn resource_of(&self, request: &Request) -> Option<String> {
        let (_, _, place) = place(&parts(request))?;
        Some(match place.below.as_slice() {
            ["log"] => "logs".to_owned(),
            _ => place.plural.to_owned(),
        })
    }

    /// The plural name of a resource that a person calls by any of its names.
    pub fn plural_of(&self, word: &str) -> Option<String> {
        let word = word.to_ascii_lowercase();
        let called = |resource: &&Resource| {
            resource.plural == word
                || resource.kind.to_ascii_lowercase() == word
                || resource.short.contains(&word)
                || resource.full_name() == word
        };
        let found = self.store.resources.iter().find(called);
        found.map(|resource| resource.plural.clone())
    }

    fn route(&self, request: &Request) -> Result<Response<'_>, Failure> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return self.review(request);
        }
        let resources = &self.store.resources;
        let accept = &request.accept;
        let unknown = || Failure::not_found("the server could not find the requested resource");
        match parts(request).as_slice() {
            [] => Ok(Response::json(&json!({"paths": [
                "/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]}))),
            ["version"] => Ok(self.version()),
            ["api"] => Ok(discovery::core(resources, accept)),
            ["apis"] => Ok(discovery::named(resources, accept)),
            ["api", "v1"] => discovery::version(resources, "", "v1").ok_or_else(unknown),
            ["apis", group] => discovery::group(resources, group).ok_or_else(unknown),
            ["apis", group, version] => {
                discovery::version(resources, group, version).ok_or_else(unknown)
            }
            ["openapi", "v2"] if list::takes_json(accept) => Ok(Response::json(
                &json!({"swagger": "2.0", "info": {"title": "Kubernetes", "version": "unversioned"}, "paths": {}}),
            )),
            ["openapi", "v2"] => Err(Failure::new(406, "NotAcceptable", "only JSON is served")),
            ["openapi", "v3"] => Ok(Response::json(&json!({"paths": {}}))),
            ["readyz" | "livez" | "healthz", ..] => self.health(request),
            parts => {
                let (group, version, place) = place(parts).ok_or_else(unknown)?;
                let (resource, items) = self
                    .store
                    .find(group, version, place.plural)
                    .ok_or_else(unknown)?;
                self.resource(request, resource, items, &place)
            }
        }
    }

    /// A list, an object, or something below an object.
    fn resource<'a>(
        &'a self,
        request: &Request,
        resource: &'a Resource,
        items: &'a [Item],
        place: &Place<'_>,
    ) -> Result<Response<'a>, Failure> {
        let unknown = || Failure::not_found("the server could not find the requested resource");
        if !resource.namespaced && place.namespace.is_some() {
            return Err(unknown());
        }
        match (place.name, place.below.as_slice()) {
            (None, _) => self.list(request, resource, items, place.namespace),
            (Some(name), [] | ["status"]) => self.get(
                request,
                resource,
                items,
                place.namespace.unwrap_or(""),
                name,
            ),
            (Some(name), ["log"]) if resource.plural == "pods" => {
                self.log(request, items, place.namespace.unwrap_or(""), name)
            }
            (Some(_), ["proxy" | "exec" | "attach" | "portforward", ..]) => {
                Err(Failure::not_captured(
                    "this is a bundle, not a cluster: nothing is running behind it",
                ))
            }
            _ => Err(unknown()),
        }
    }

    fn version(&self) -> Response<'static> {
        let version = self.version.as_deref().unwrap_or("v0.0.0-not-captured");
        let mut numbers = version.trim_start_matches('v').split(['.', '-', '+']);
        Response::json(&json!({
            "major": numbers.next().unwrap_or("0"),
            "minor": numbers.next().unwrap_or("0"),
            "gitVersion": version,
            "gitCommit": "",
            "gitTreeState": "",
            "buildDate": "1970-01-01T00:00:00Z",
            "goVersion": "",
            "compiler": "",
            "platform": "",
        }))
    }

    /// What the API server said of its health when it was asked.
    fn health(&self, request: &Request) -> Result<Response<'_>, Failure> {
        let check = request.path.first().map_or("", String::as_str);
        let name = format!("{check}.txt");
        let file = self.bundle.iter().find(|(_, file)| {
            file.path
                .strip_suffix(&name)
                .is_some_and(|before| before.ends_with("cluster/"))
        });
        match file {
            Some((_, file)) => Ok(Response::new("text/plain", file.head(1 << 20).into_owned())),
            None => Err(Failure::not_captured(format!(
                "{check}: not captured in this bundle"
            ))),
        }
    }

    /// Why a kind has no answer: refused when it was captured, or never asked for.
    fn missing(&self, resource: &Resource, namespace: Option<&str>) -> Failure {
        let name = resource.full_name();
        let place = match namespace.filter(|_| resource.namespaced) {
            Some(namespace) => format!(" in namespace \"{namespace}\""),
            None => String::new(),
        };
        let covered = self.coverage.sources.get(&resource.covered);
        let detail = covered.map_or("", |covered| covered.detail.as_str());
        let because = if detail.is_empty() {
            String::new()
        } else {
            format!(": {detail}")
        };
        match covered.map(|covered| covered.status) {
            Some(Status::Refused) => Failure::new(
                403,
                "Forbidden",
                format!(
                    "{name}{place}: not captured in this bundle, the API server refused{because}"
                ),
            ),
            Some(Status::Failed) => Failure::not_captured(format!(
                "{name}{place}: not captured in this bundle, the request failed{because}"
            )),
            _ => Failure::not_captured(format!("{name}{place}: not captured in this bundle")),
        }
    }
}

/// Where a request's path points.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place<'p> {
    namespace: Option<&'p str>,
    plural: &'p str,
    name: Option<&'p str>,
    below: Vec<&'p str>,
}

fn parts(request: &Request) -> Vec<&str> {
    request.path.iter().map(String::as_str).collect()
}

/// Group, version and place of `/api/v1/…` and `/apis/GROUP/VERSION/…`.
fn place<'p>(parts: &[&'p str]) -> Option<(&'p str, &'p str, Place<'p>)> {
    let (group, version, mut rest) = match parts {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    // The old form of a watch, `/api/v1/watch/…`.
    if let ["watch", below @ ..] = rest {
        rest = below;
    }
    let place = match rest {
        ["namespaces", namespace, plural, below @ ..]
            if !(group.is_empty() && matches!(*plural, "status" | "finalize")) =>
        {
            Place {
                namespace: Some(namespace),
                plural,
                name: below.first().copied(),
                below: below.iter().skip(1).copied().collect(),
            }
        }
        [plural, below @ ..] => Place {
            namespace: None,
            plural,
            name: below.first().copied(),
            below: below.iter().skip(1).copied().collect(),
        },
        [] => return None,
    };
    Some((group, version, place))
}

#[cfg(test)]
mod tests;
