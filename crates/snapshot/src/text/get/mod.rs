//! Reads the tables of `kubectl get` into partial objects, and says which kinds were listed or refused.
//!
//! What a table knows and the API's fields cannot say stands under `table` on an object's root
//! (`table.status`, `table.ready` …; see each kind's reader). `ageSeconds` and `ageUnitSeconds` on the
//! root are the age as printed and its coarseness; `metadata.creationTimestamp` is computed from it
//! only if the time of the capture is known.

mod custom;
pub(super) mod kinds;
mod network;
mod others;
mod pods;
pub(super) mod row;
mod storage;
mod workloads;

use super::{
    Context, Found, Listed, bare,
    command::{Asked, Kubectl, Output},
    describe::age::age,
    events, pieces, refusal, resource,
    table::{Header, Row, Section, Sheet, gaps, sheet},
    top,
};
use row::{Fields, back};

/// Rows that are read of one text: Kubernetes itself is built for as many pods in a cluster.
const MAX_OBJECTS: usize = 150_000;

/// How a table came about.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// The command; that of a bare table is empty.
    pub command: Kubectl,
    /// A pipe or an editor removed lines.
    pub filtered: bool,
    /// Neither a command nor a file's name says what this is.
    pub unnamed: bool,
    /// Nothing but what was printed stands there: no prose.
    pub quoted: bool,
}

/// Reads what `get`, `events` and `top` print as tables. Gives whether anything was recognised.
pub(super) fn read(
    text: &str,
    first_line: u32,
    request: &Request,
    context: &Context<'_>,
    found: &mut Found,
) -> bool {
    let command = &request.command;
    let asked = command.asked();
    let names: Vec<String> = match &command.output {
        Output::Columns(columns) => columns.iter().map(|(header, _)| header.clone()).collect(),
        _ => Vec::new(),
    };
    let assumed = asked
        .single()
        .filter(|_| request.filtered || command.no_headers)
        .and_then(|kind| {
            kinds::counted(
                kind,
                command.output == Output::Wide,
                command.all_namespaces,
                command.show_labels,
            )
        });
    let mut sheet = sheet(text, first_line, assumed.as_ref(), &names);
    // What stands without a head may be part of a table.
    let bare = bare::take(&mut sheet, request.quoted);
    let over = limit(&mut sheet, MAX_OBJECTS.saturating_sub(found.objects.len()));
    let reader = Reader {
        request,
        asked: &asked,
        context,
    };
    let before = found.objects.len();
    let mut known = false;
    let mut namespaces = command.all_namespaces;
    for section in &sheet.sections {
        namespaces |= section.header.has("NAMESPACE");
        let others = if section.bare {
            &sheet.messages
        } else {
            &sheet.others
        };
        known |= reader.section(section, others, found);
    }
    if command.watch {
        keep_last(&mut found.objects, before);
    }
    found.unread.extend(left(&sheet));
    let refused = refusal::read(&sheet.others, &asked.kinds, reader.namespace(), found);
    let cut = sheet.others.iter().any(|(_, line)| is_cut(line));
    if let Some(line) = over {
        let what = format!("only the first {MAX_OBJECTS} rows of this text are read");
        found.problems.push((line, what));
        let mut kinds = asked.kinds.clone();
        kinds.extend(
            sheet
                .sections
                .iter()
                .filter_map(|section| kinds::infer(&section.header))
                .map(str::to_owned),
        );
        kinds.sort();
        kinds.dedup();
        found.cut.extend(kinds.into_iter().map(|kind| (kind, line)));
    } else if !bare && !refused && !cut && !request.filtered && !request.unnamed && is_whole(&sheet)
    {
        reader.listed(&sheet.others, known, namespaces, found);
    }
    known
        || refused
        || sheet
            .others
            .iter()
            .any(|(_, line)| nothing_found(line).is_some())
}

/// Lines outside of the tables that say something else. What stands below events may go on with their messages.
fn left(sheet: &Sheet<'_>) -> Vec<u32> {
    if sheet.sections.iter().any(|it| it.header.is_of_events()) {
        return Vec::new();
    }
    let says = |line: &str| {
        let answer = refusal::is_one(line) || nothing_found(line).is_some() || is_cut(line);
        !answer && pieces::says(line)
    };
    let others = sheet.others.iter().filter(|(_, line)| says(line));
    others.map(|(line, _)| *line).collect()
}

/// Leaves a sheet so many rows; gives the line of the first that is left out.
fn limit(sheet: &mut Sheet<'_>, mut room: usize) -> Option<u32> {
    let mut over = None;
    for section in &mut sheet.sections {
        over = over.or_else(|| section.rows.get(room).map(|row| row.line));
        section.rows.truncate(room);
        room -= section.rows.len();
    }
    over
}

struct Reader<'r> {
    request: &'r Request,
    asked: &'r Asked,
    context: &'r Context<'r>,
}

impl Reader<'_> {
    /// The namespace that was asked for, or that the place of the text tells.
    fn namespace(&self) -> &str {
        match &self.request.command.namespace {
            Some(namespace) => namespace,
            None => self.context.namespace,
        }
    }

    fn section(&self, section: &Section<'_>, others: &[(u32, &str)], found: &mut Found) -> bool {
        let header = &section.header;
        let command = &self.request.command;
        let inferred = kinds::infer(header);
        let kind = match (command.verb.as_str(), self.asked.single()) {
            ("top", _) => inferred,
            _ if section.bare => inferred,
            ("events", _) => Some("Event"),
            (_, single) => single.or(inferred),
        };
        let kind = kind.unwrap_or("");
        if let Output::Columns(columns) = &command.output {
            for row in &section.rows {
                found
                    .objects
                    .extend(custom::object(row, columns, kind, self.namespace()));
            }
            return true;
        }
        let prefixed = section.rows.iter().any(|row| {
            let name = cell(header, row, "NAME").unwrap_or("");
            name.split_once('/')
                .is_some_and(|(word, _)| !word.is_empty())
        });
        match kind {
            _ if section.bare && header.is_of_events() => {
                events::bare(section, others, self.namespace(), self.context.now, found);
                true
            }
            "Event" if header.is_of_events() || header.has("OBJECT") => {
                events::read(section, others, self.namespace(), self.context.now, found);
                true
            }
            "PodMetrics" | "NodeMetrics" => {
                top::read(section, kind, self.namespace(), self.context.now, found);
                true
            }
            "" if !prefixed => false,
            _ => {
                let rows = section.rows.iter();
                found
                    .objects
                    .extend(rows.filter_map(|row| self.object(header, row, kind)));
                true
            }
        }
    }

    fn object(&self, header: &Header, row: &Row<'_>, kind: &str) -> Option<crate::node::Node> {
        let printed = cell(header, row, "NAME")?;
        let printed = printed.strip_suffix(" (default)").unwrap_or(printed);
        let (kind, name) = match printed.split_once('/') {
            Some((word, name)) => (prefix_kind(word), name),
            None => (kind.to_owned(), printed),
        };
        if kind.is_empty() || name.is_empty() || name.contains(' ') {
            return None;
        }
        let mut fields = Fields::new(header, &row.cells, row.line, self.context.now, &kind);
        fields.set(&["metadata", "name"], name);
        if !resource::cluster_scoped(&kind) {
            let namespace = fields.value("NAMESPACE").unwrap_or(self.namespace());
            if !namespace.is_empty() && (resource::known(&kind) || header.has("NAMESPACE")) {
                fields.set(&["metadata", "namespace"], namespace);
            }
        }
        born(&mut fields);
        if !matches!(self.request.command.output, Output::Columns(_)) {
            self.labels(header, &mut fields);
        }
        fill(&mut fields, &kind);
        Some(fields.root)
    }

    /// `--show-labels` prints all labels, `-L` one column for each key.
    fn labels(&self, header: &Header, fields: &mut Fields<'_>) {
        let keys = &self.request.command.label_columns;
        for key in keys {
            let column = key.rsplit('/').next().unwrap_or(key).to_ascii_uppercase();
            if header.has(&column) {
                fields.text(&column, &["metadata", "labels", key]);
            }
        }
        if keys.is_empty() || self.request.command.show_labels {
            fields.pairs("LABELS", &["metadata", "labels"]);
        }
    }

    /// Notes the kinds of which all objects were printed.
    fn listed(&self, others: &[(u32, &str)], known: bool, all: bool, found: &mut Found) {
        let command = &self.request.command;
        if command.selected || !self.asked.names.is_empty() || command.verb == "top" {
            return;
        }
        let nothing = others.iter().find_map(|(_, line)| nothing_found(line));
        if !known && nothing.is_none() {
            return;
        }
        let said = nothing.filter(|namespace| !namespace.is_empty());
        let asked = said.unwrap_or(self.namespace());
        let event = "Event".to_owned();
        let kinds = match command.verb.as_str() {
            "events" => std::slice::from_ref(&event),
            _ => self.asked.kinds.as_slice(),
        };
        for kind in kinds {
            let namespace = if all || resource::cluster_scoped(kind) {
                None
            } else if asked.is_empty() {
                // Of some namespace, but nobody says which.
                found.somewhere.push(kind.clone());
                continue;
            } else {
                Some(asked.to_owned())
            };
            let listed = Listed {
                kind: kind.clone(),
                namespace,
            };
            found.lists.push(listed);
        }
    }
}

fn cell<'t>(header: &Header, row: &Row<'t>, column: &str) -> Option<&'t str> {
    let at = header.columns.iter().position(|name| name == column)?;
    row.cells.get(at).copied()
}

/// The kind of `pod` or `deployment.apps` before a name; other projects' kinds keep their group.
fn prefix_kind(word: &str) -> String {
    resource::kind(word).map_or_else(|| word.to_owned(), str::to_owned)
}

/// Age, or the time of creation where that is printed.
fn born(fields: &mut Fields<'_>) {
    if let Some((seconds, unit)) = fields.value("AGE").and_then(age) {
        fields.set_number(&["ageSeconds"], seconds);
        fields.set_number(&["ageUnitSeconds"], unit);
        if let Some(instant) = back(fields.now, seconds) {
            fields.set(&["metadata", "creationTimestamp"], &instant);
        }
    } else if let Some(stamp) = fields.value("CREATED AT")
        && crate::stamp::rfc3339(stamp).is_some()
    {
        fields.set(&["metadata", "creationTimestamp"], stamp);
    }
}

fn fill(fields: &mut Fields<'_>, kind: &str) {
    match kind {
        "Pod" => pods::pod(fields),
        "Node" => pods::node(fields),
        "Deployment" => workloads::deployment(fields),
        "ReplicaSet" => workloads::replica_set(fields),
        "ReplicationController" => workloads::replication_controller(fields),
        "StatefulSet" => workloads::stateful_set(fields),
        "DaemonSet" => workloads::daemon_set(fields),
        "Job" => workloads::job(fields),
        "CronJob" => workloads::cron_job(fields),
        "HorizontalPodAutoscaler" => workloads::autoscaler(fields),
        "PodDisruptionBudget" => workloads::disruption_budget(fields),
        "Service" => network::service(fields),
        "Endpoints" => network::endpoints(fields),
        "EndpointSlice" => network::endpoint_slice(fields),
        "Ingress" => network::ingress(fields),
        "IngressClass" => network::ingress_class(fields),
        "NetworkPolicy" => network::network_policy(fields),
        "Gateway" => network::gateway(fields),
        "GatewayClass" => network::gateway_class(fields),
        "PersistentVolumeClaim" => storage::claim(fields),
        "PersistentVolume" => storage::volume(fields),
        "StorageClass" => storage::class(fields),
        "VolumeAttachment" => storage::attachment(fields),
        "CSIDriver" => storage::driver(fields),
        "CSINode" => others::csi_node(fields),
        "ConfigMap" | "Secret" => others::data(fields),
        "ServiceAccount" => others::service_account(fields),
        "ResourceQuota" => others::quota(fields),
        "Namespace" => others::namespace(fields),
        "Lease" => others::lease(fields),
        "PriorityClass" => others::priority_class(fields),
        "APIService" => others::api_service(fields),
        "ComponentStatus" => others::component_status(fields),
        "CertificateSigningRequest" => others::signing_request(fields),
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            others::webhooks(fields);
        }
        "RoleBinding" | "ClusterRoleBinding" => others::role_binding(fields),
        "ControllerRevision" => others::controller_revision(fields),
        _ => {}
    }
}

/// `-w` prints a row again whenever the object changes: the last one holds.
fn keep_last(objects: &mut Vec<crate::node::Node>, from: usize) {
    let mut seen = std::collections::BTreeSet::new();
    let mut kept: Vec<_> = objects.drain(from.min(objects.len())..).collect();
    kept.reverse();
    kept.retain(|object| {
        let part = |path: &[&str]| object.str_at(path).unwrap_or("").to_owned();
        let name = part(&["metadata", "name"]);
        name.is_empty() || seen.insert((part(&["kind"]), part(&["metadata", "namespace"]), name))
    });
    kept.reverse();
    objects.extend(kept);
}

/// `No resources found in shop namespace.`: the namespace, empty if it is not named.
fn nothing_found(line: &str) -> Option<&str> {
    let rest = ["No resources found", "No events found"]
        .iter()
        .find_map(|words| line.strip_prefix(words))?;
    let named = rest
        .strip_prefix(" in ")
        .and_then(|rest| rest.split_once(" namespace"))
        .map(|(namespace, _)| namespace);
    Some(named.unwrap_or(""))
}

/// Whether all rows of a text were read: kubectl prints no header without rows, and what has cells is one.
fn is_whole(sheet: &Sheet<'_>) -> bool {
    let is_left_out = |line: &str| {
        let named = line.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        named && gaps(line).len() > 2
    };
    sheet
        .sections
        .iter()
        .all(|section| !section.rows.is_empty())
        && !sheet.others.iter().any(|(_, line)| is_left_out(line))
}

/// Somebody shortened the output.
fn is_cut(line: &str) -> bool {
    let line = line.trim();
    matches!(
        line.trim_matches(['<', '>', '[', ']', '(', ')', '-', ' ']),
        "..." | "…" | "...." | "snip" | "snipped" | "truncated" | "omitted" | "cut"
    ) || line.starts_with("... ") && line.len() < 80
}

/// Whether a text begins, after a few lines, with a table of a kind that its columns tell.
pub(super) fn sniff(text: &str) -> bool {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .take(6)
        .filter_map(Header::read)
        .any(|header| kinds::infer(&header).is_some())
}

/// Whether a text holds a table of a kind that its columns tell, with a row under it.
pub(super) fn search(text: &str) -> bool {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(header) = Header::read(line)
            && kinds::infer(&header).is_some()
            && lines.peek().is_some_and(|row| header.cells(row).is_some())
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
