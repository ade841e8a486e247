//! Gets, lists and watches: selectors, paging, and the three forms that objects come in.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    Api,
    request::Request,
    resources::Resource,
    response::{Body, Failure, Response},
    select::{Fields, Labels},
    store::{self, Item},
    table::{self, Context, Include},
};

/// The form that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Object,
    /// With the version of `meta.k8s.io`.
    Table(&'static str),
    Metadata(&'static str),
}

impl Form {
    /// The first form of an `Accept` header that is served.
    fn of(accept: &str) -> Option<Self> {
        if accept.trim().is_empty() {
            return Some(Self::Object);
        }
        accept.split(',').find_map(|part| {
            let part = part.replace(' ', "");
            let mut words = part.split(';');
            let json = matches!(words.next()?, "application/json" | "*/*" | "application/*");
            let word = |name: &str| {
                part.split(';')
                    .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            };
            let meta = match word("v") {
                Some("v1beta1") => "meta.k8s.io/v1beta1",
                _ => "meta.k8s.io/v1",
            };
            match word("as") {
                _ if !json => None,
                Some("Table") => Some(Self::Table(meta)),
                Some("PartialObjectMetadata" | "PartialObjectMetadataList") => {
                    Some(Self::Metadata(meta))
                }
                Some(_) => None,
                None => Some(Self::Object),
            }
        })
    }
}

/// Whether a client takes JSON.
pub(crate) fn takes_json(accept: &str) -> bool {
    Form::of(accept) == Some(Form::Object)
}

fn form(request: &Request) -> Result<Form, Failure> {
    Form::of(&request.accept).ok_or_else(|| {
        Failure::new(
            406,
            "NotAcceptable",
            "only the following media types are accepted: application/json",
        )
    })
}

/// Whether a client wants to watch, by parameter or by the old form of the path.
fn is_watch(request: &Request) -> bool {
    let place = match request.path.first().map(String::as_str) {
        Some("api") => 2,
        _ => 3,
    };
    request.flag("watch") || request.path.get(place).is_some_and(|part| part == "watch")
}

fn include(request: &Request) -> Include {
    match request.param("includeObject") {
        "None" => Include::Nothing,
        "Object" => Include::Object,
        _ => Include::Metadata,
    }
}

fn parsed(item: &Item) -> Value {
    serde_json::from_str(&item.json).unwrap_or_default()
}

/// Where a list goes on: the last object that was sent.
fn token(item: &Item) -> String {
    let place = format!("{}/{}", item.namespace, item.name);
    place.bytes().fold("cc".to_owned(), |mut token, byte| {
        let _ = write!(token, "{byte:02x}");
        token
    })
}

fn untoken(token: &str) -> Option<(String, String)> {
    let hex = token.strip_prefix("cc")?.as_bytes();
    let digit = |byte: u8| {
        let digit = char::from(byte).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let bytes: Option<Vec<u8>> = hex
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
            _ => None,
        })
        .collect();
    let place = String::from_utf8(bytes?).ok()?;
    let (namespace, name) = place.split_once('/')?;
    Some((namespace.to_owned(), name.to_owned()))
}

/// A part of a list.
struct Page<'i> {
    items: Vec<&'i Item>,
    /// Where the next part begins; empty at the end.
    next: String,
    /// How many are left; unknown where objects are selected.
    left: Option<usize>,
}

fn page<'i>(
    items: &'i [Item],
    request: &Request,
    labels: &Labels,
    fields: &Fields,
) -> Result<Page<'i>, Failure> {
    let start = match request.param("continue") {
        "" => 0,
        token => {
            let (namespace, name) =
                untoken(token).ok_or_else(|| Failure::bad("continue key is not valid"))?;
            items.partition_point(|item| {
                (item.namespace.as_str(), item.name.as_str()) <= (&*namespace, &*name)
            })
        }
    };
    let rest = items.get(start..).unwrap_or(&[]);
    let limit = match request.number("limit") {
        Some(limit) if limit > 0 => usize::try_from(limit).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let last_of = |items: &[&Item]| items.last().map_or(String::new(), |item| token(item));
    if labels.is_empty() && fields.is_empty() {
        let items: Vec<&Item> = rest.iter().take(limit).collect();
        let left = rest.len() - items.len();
        let next = if left > 0 {
            last_of(&items)
        } else {
            String::new()
        };
        return Ok(Page {
            items,
            next,
            left: Some(left),
        });
    }
    let mut chosen: Vec<&Item> = Vec::new();
    let mut next = String::new();
    for item in rest {
        let object = parsed(item);
        if !labels.matches(&object) || !fields.matches(&object) {
            continue;
        }
        if chosen.len() == limit {
            next = last_of(&chosen);
            break;
        }
        chosen.push(item);
    }
    Ok(Page {
        items: chosen,
        next,
        left: None,
    })
}

impl Api {
    /// One object.
    pub(crate) fn get<'a>(
        &'a self,
        request: &Request,
        resource: &'a Resource,
        items: &'a [Item],
        namespace: &str,
        name: &str,
    ) -> Result<Response<'a>, Failure> {
        let form = form(request)?;
        let Some(item) = store::named(items, namespace, name) else {
            return Err(self.absent(resource, namespace, name));
        };
        Ok(match form {
            Form::Object => Response::new("application/json", item.json.as_bytes()),
            Form::Metadata(meta) => {
                let mut object = table::metadata(parsed(item));
                object["apiVersion"] = meta.into();
                Response::json(&object)
            }
            Form::Table(meta) => {
                self.table(request, resource, &[item], meta, &self.list_metadata())
            }
        })
    }

    /// Why there is no object of this name.
    fn absent(&self, resource: &Resource, namespace: &str, name: &str) -> Failure {
        let known = self.coverage.covers(&resource.covered, namespace)
            || self.coverage.absent.contains(&(
                resource.covered.clone(),
                namespace.to_owned(),
                name.to_owned(),
            ));
        if known {
            return Failure::not_found(format!("{} \"{name}\" not found", resource.full_name()));
        }
        let mut missing = self.missing(resource, Some(namespace).filter(|name| !name.is_empty()));
        missing.message = format!("\"{name}\": {}", missing.message);
        missing
    }

    /// A list, or a watch of one.
    pub(crate) fn list<'a>(
        &'a self,
        request: &Request,
        resource: &'a Resource,
        items: &'a [Item],
        namespace: Option<&str>,
    ) -> Result<Response<'a>, Failure> {
        let form = form(request)?;
        let labels = Labels::parse(request.param("labelSelector"))
            .map_err(|why| Failure::bad(format!("unable to parse requirement: {why}")))?;
        let fields = Fields::parse(
            request.param("fieldSelector"),
            &resource.plural,
            &resource.fields,
        )
        .map_err(Failure::bad)?;
        let items = match namespace {
            Some(namespace) => store::within(items, namespace),
            None => items,
        };
        let warning = self.judge(resource, items, namespace)?;
        let response = if is_watch(request) {
            self.watch(request, resource, items, form, (&labels, &fields))?
        } else {
            let page = page(items, request, &labels, &fields)?;
            self.listed(request, resource, &page, form)
        };
        Ok(match warning {
            Some(warning) => response.warn(&warning),
            None => response,
        })
    }

    /// Whether these are all the objects that there were; an error if there are none and nobody knows.
    fn judge(
        &self,
        resource: &Resource,
        items: &[Item],
        namespace: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        use coldcase_snapshot::coverage::Scope;
        let kind = &resource.covered;
        let name = resource.full_name();
        let covered = match (namespace, self.coverage.scopes.get(kind)) {
            (Some(namespace), _) => self.coverage.covers(kind, namespace),
            (None, Some(Scope::Everywhere)) => true,
            (None, Some(Scope::Namespaces(namespaces))) if !namespaces.is_empty() => {
                let names: Vec<&str> = namespaces.iter().map(String::as_str).take(20).collect();
                return Ok(Some(format!(
                    "{name}: captured of these namespaces only: {}",
                    names.join(", ")
                )));
            }
            (None, _) => false,
        };
        if covered {
            return Ok(None);
        }
        if items.is_empty() {
            return Err(self.missing(resource, namespace));
        }
        Ok(Some(format!(
            "{name}: not captured whole; there may have been more"
        )))
    }

    fn list_metadata(&self) -> Value {
        json!({"resourceVersion": self.store.version.to_string()})
    }

    fn listed(
        &self,
        request: &Request,
        resource: &Resource,
        page: &Page<'_>,
        form: Form,
    ) -> Response<'static> {
        let mut metadata = self.list_metadata();
        if !page.next.is_empty() {
            metadata["continue"] = page.next.clone().into();
            if let Some(left) = page.left {
                metadata["remainingItemCount"] = left.into();
            }
        }
        let (kind, api_version) = match form {
            Form::Table(meta) => {
                return self.table(request, resource, &page.items, meta, &metadata);
            }
            Form::Metadata(meta) => ("PartialObjectMetadataList".to_owned(), meta.to_owned()),
            Form::Object => (format!("{}List", resource.kind), resource.api_version()),
        };
        let head = format!(
            "{{\"kind\":{},\"apiVersion\":{},\"metadata\":{metadata},\"items\":[",
            Value::from(kind),
            Value::from(api_version)
        );
        let bytes: usize = page.items.iter().map(|item| item.json.len() + 1).sum();
        let mut body = Vec::with_capacity(head.len() + bytes + 2);
        body.extend_from_slice(head.as_bytes());
        for (at, item) in page.items.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            match form {
                Form::Metadata(meta) => {
                    let mut object = table::metadata(parsed(item));
                    object["apiVersion"] = meta.into();
                    body.extend_from_slice(object.to_string().as_bytes());
                }
                _ => body.extend_from_slice(item.json.as_bytes()),
            }
        }
        body.extend_from_slice(b"]}");
        Response::new("application/json", body)
    }

    fn table(
        &self,
        request: &Request,
        resource: &Resource,
        items: &[&Item],
        meta: &str,
        metadata: &Value,
    ) -> Response<'static> {
        // Row by row: the trees of a long list would take many times its text.
        let mut body = format!(
            "{{\"kind\":\"Table\",\"apiVersion\":{},\"metadata\":{metadata},\"columnDefinitions\":{},\"rows\":[",
            Value::from(meta),
            table::columns(resource)
        )
        .into_bytes();
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            let row = self.row(request, resource, item);
            body.extend_from_slice(row.to_string().as_bytes());
        }
        body.extend_from_slice(b"]}");
        Response::new("application/json", body)
    }

    fn row(&self, request: &Request, resource: &Resource, item: &Item) -> Value {
        let context = Context { now: self.now };
        table::row(resource, parsed(item), include(request), context)
    }

    /// What there is as additions, unless the client has it already, and then nothing more.
    fn watch(
        &self,
        request: &Request,
        resource: &Resource,
        items: &[Item],
        form: Form,
        (labels, fields): (&Labels, &Fields),
    ) -> Result<Response<'static>, Failure> {
        let initial = request.flag("sendInitialEvents");
        let fresh = initial || matches!(request.param("resourceVersion"), "" | "0");
        let mut first = Vec::new();
        if fresh {
            let whole = Request::default();
            let page = page(items, &whole, labels, fields)?;
            let mut columns = true;
            for item in page.items {
                let object = match form {
                    Form::Object => item.json.to_string(),
                    Form::Metadata(_) => table::metadata(parsed(item)).to_string(),
                    Form::Table(meta) => {
                        let rows = [self.row(request, resource, item)];
                        let defined = columns.then(|| table::columns(resource));
                        columns = false;
                        let mut table =
                            table::table(defined.as_ref(), &rows, &self.list_metadata());
                        table["apiVersion"] = meta.into();
                        table.to_string()
                    }
                };
                first.extend_from_slice(b"{\"type\":\"ADDED\",\"object\":");
                first.extend_from_slice(object.as_bytes());
                first.extend_from_slice(b"}\n");
            }
        }
        if request.flag("allowWatchBookmarks") {
            let mut metadata = self.list_metadata();
            if initial {
                metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
            }
            let object = match form {
                Form::Table(meta) => {
                    let mut table = table::table(None, &[], &metadata);
                    table["apiVersion"] = meta.into();
                    table
                }
                Form::Metadata(meta) => json!({"kind": "PartialObjectMetadata",
                    "apiVersion": meta, "metadata": metadata}),
                Form::Object => json!({"kind": resource.kind,
                    "apiVersion": resource.api_version(), "metadata": metadata}),
            };
            let bookmark = json!({"type": "BOOKMARK", "object": object});
            first.extend_from_slice(bookmark.to_string().as_bytes());
            first.push(b'\n');
        }
        let seconds = request.number("timeoutSeconds").map(|seconds| {
            let seconds = seconds.clamp(0, 86_400);
            u64::try_from(seconds).unwrap_or(0)
        });
        let mut response = Response::new("application/json", Vec::new());
        response.body = Body::Watch {
            first,
            seconds: seconds.filter(|seconds| *seconds > 0),
        };
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_form_that_is_served_wins() {
        for (accept, form) in [
            ("", Some(Form::Object)),
            (
                "application/vnd.kubernetes.protobuf,application/json",
                Some(Form::Object),
            ),
            (
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
                Some(Form::Table("meta.k8s.io/v1")),
            ),
            (
                "application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json",
                Some(Form::Table("meta.k8s.io/v1beta1")),
            ),
            (
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
                Some(Form::Metadata("meta.k8s.io/v1")),
            ),
            ("application/vnd.kubernetes.protobuf", None),
            ("*/*", Some(Form::Object)),
        ] {
            assert_eq!(Form::of(accept), form, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn tokens_come_back(namespace in "[a-z-]{0,9}", name in "\\PC{0,20}", text in "\\PC{0,30}") {
            let item = Item { namespace: namespace.clone(), name: name.clone(), json: "".into() };
            prop_assert_eq!(untoken(&token(&item)), Some((namespace, name)));
            untoken(&text);
            untoken(&format!("cc{text}"));
        }

        #[test]
        fn any_header_is_a_form_or_none(accept in "\\PC{0,60}") {
            Form::of(&accept);
        }
    }
}
