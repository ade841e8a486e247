//! Reads the descriptions of roles and role bindings.

use super::{
    object::{Described, Draft},
    table::Table,
    values::{self, Fields},
};
use crate::node::Node;

/// A role or cluster role. kubectl breaks rules up and puts them together in its own way: what is
/// allowed is the same, the list of rules is not.
pub(super) fn role(described: &Described<'_, '_>, out: &mut Draft) {
    let Some(entry) = described.top.get("PolicyRule") else {
        return;
    };
    let Some((table, rows)) = Table::of(entry.below) else {
        return;
    };
    let items = rows
        .into_iter()
        .filter_map(|row| rule(&table.cells(row.raw)?, row.line))
        .collect();
    out.root
        .put("rules", values::list_or_null(items, entry.line()));
}

/// `deployments.apps/scale  []  [name]  [get list]`
fn rule(cells: &[&str], line: u32) -> Option<Node> {
    let [resource, urls, names, verbs, ..] = cells else {
        return None;
    };
    let list = |cell: &str| {
        let inner = cell
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))?;
        Some(values::words_or_null(inner, ' ', line))
    };
    let mut fields = Fields::new(line);
    if resource.is_empty() {
        fields.absent("resources");
    } else {
        let (base, sub) = resource.split_once('/').unwrap_or((resource, ""));
        let (name, group) = base.split_once('.').unwrap_or((base, ""));
        let full = if sub.is_empty() {
            name.to_owned()
        } else {
            format!("{name}/{sub}")
        };
        fields.put(
            "resources",
            Node::seq(vec![values::text(&full, line)]).at_line(line),
        );
        fields.put(
            "apiGroups",
            Node::seq(vec![values::text(group, line)]).at_line(line),
        );
    }
    fields.put("nonResourceURLs", list(urls)?);
    fields.put("resourceNames", list(names)?);
    fields.put("verbs", list(verbs)?);
    Some(fields.node())
}

/// A role binding or cluster role binding.
pub(super) fn binding(described: &Described<'_, '_>, out: &mut Draft) {
    let top = described.top;
    if let Some(entry) = top.get("Role") {
        let mut fields = Fields::new(entry.line());
        super::object::copy_text(entry.below, "Kind", &mut fields, "kind");
        super::object::copy_text(entry.below, "Name", &mut fields, "name");
        out.root.put("roleRef", fields.node());
    }
    let Some(entry) = top.get("Subjects") else {
        return;
    };
    let Some((table, rows)) = Table::of(entry.below) else {
        return;
    };
    let items = rows
        .into_iter()
        .filter_map(|row| {
            let cells = table.cells(row.raw)?;
            let [kind, name, namespace, ..] = cells.as_slice() else {
                return None;
            };
            let mut fields = Fields::new(row.line);
            fields.put("kind", values::text(kind, row.line));
            fields.put("name", values::text(name, row.line));
            fields.put("namespace", values::text_or_null(namespace, row.line));
            Some(fields.node())
        })
        .collect();
    out.root
        .put("subjects", values::list_or_null(items, entry.line()));
}
