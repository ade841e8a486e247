//! Reads volumes as descriptions print them: of pods, of templates and of persistent volumes.

use super::{
    sections::{Entry, Section},
    values::{self, Fields},
};
use crate::node::Node;

/// How a printed field becomes a value of the API.
#[derive(Debug, Clone, Copy)]
enum As {
    Text,
    Number,
    Flag,
    /// Go's form of a list: `[a b]`.
    List,
}

/// Printed field, key in the API, form.
type Field = (&'static str, &'static str, As);

/// Volume sources by the first word of `Type:`, with their key in the API and their fields.
const SOURCES: &[(&str, &str, &[Field])] = &[
    (
        "AWSElasticBlockStore",
        "awsElasticBlockStore",
        &[
            ("VolumeID", "volumeID", As::Text),
            ("FSType", "fsType", As::Text),
            ("Partition", "partition", As::Number),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "AzureDisk",
        "azureDisk",
        &[
            ("DiskName", "diskName", As::Text),
            ("DiskURI", "diskURI", As::Text),
            ("Kind", "kind", As::Text),
            ("FSType", "fsType", As::Text),
            ("CachingMode", "cachingMode", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "AzureFile",
        "azureFile",
        &[
            ("SecretName", "secretName", As::Text),
            ("SecretNamespace", "secretNamespace", As::Text),
            ("ShareName", "shareName", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "CSI",
        "csi",
        &[
            ("Driver", "driver", As::Text),
            ("FSType", "fsType", As::Text),
            ("VolumeHandle", "volumeHandle", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "CephFS",
        "cephfs",
        &[
            ("Monitors", "monitors", As::List),
            ("Path", "path", As::Text),
            ("User", "user", As::Text),
            ("SecretFile", "secretFile", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "Cinder",
        "cinder",
        &[
            ("VolumeID", "volumeID", As::Text),
            ("FSType", "fsType", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "ConfigMap",
        "configMap",
        &[
            ("Name", "name", As::Text),
            ("Optional", "optional", As::Flag),
        ],
    ),
    (
        "EmptyDir",
        "emptyDir",
        &[
            ("Medium", "medium", As::Text),
            ("SizeLimit", "sizeLimit", As::Text),
        ],
    ),
    (
        "FC",
        "fc",
        &[
            ("LUN", "lun", As::Number),
            ("FSType", "fsType", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "FlexVolume",
        "flexVolume",
        &[
            ("Driver", "driver", As::Text),
            ("FSType", "fsType", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "GCEPersistentDisk",
        "gcePersistentDisk",
        &[
            ("PDName", "pdName", As::Text),
            ("FSType", "fsType", As::Text),
            ("Partition", "partition", As::Number),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "GitRepo",
        "gitRepo",
        &[
            ("Repository", "repository", As::Text),
            ("Revision", "revision", As::Text),
        ],
    ),
    (
        "Glusterfs",
        "glusterfs",
        &[
            ("EndpointsName", "endpoints", As::Text),
            ("Path", "path", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "HostPath",
        "hostPath",
        &[
            ("Path", "path", As::Text),
            ("HostPathType", "type", As::Text),
        ],
    ),
    (
        "ISCSI",
        "iscsi",
        &[
            ("TargetPortal", "targetPortal", As::Text),
            ("IQN", "iqn", As::Text),
            ("Lun", "lun", As::Number),
            ("FSType", "fsType", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "Image",
        "image",
        &[
            ("Reference", "reference", As::Text),
            ("PullPolicy", "pullPolicy", As::Text),
        ],
    ),
    ("LocalVolume", "local", &[("Path", "path", As::Text)]),
    (
        "NFS",
        "nfs",
        &[
            ("Server", "server", As::Text),
            ("Path", "path", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "PersistentVolumeClaim",
        "persistentVolumeClaim",
        &[
            ("ClaimName", "claimName", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "PortworxVolume",
        "portworxVolume",
        &[("VolumeID", "volumeID", As::Text)],
    ),
    (
        "RBD",
        "rbd",
        &[
            ("CephMonitors", "monitors", As::List),
            ("RBDImage", "image", As::Text),
            ("FSType", "fsType", As::Text),
            ("RBDPool", "pool", As::Text),
            ("RadosUser", "user", As::Text),
            ("Keyring", "keyring", As::Text),
            ("ReadOnly", "readOnly", As::Flag),
        ],
    ),
    (
        "Secret",
        "secret",
        &[
            ("SecretName", "secretName", As::Text),
            ("Optional", "optional", As::Flag),
        ],
    ),
    (
        "vSphereVolume",
        "vsphereVolume",
        &[
            ("VolumePath", "volumePath", As::Text),
            ("FSType", "fsType", As::Text),
            ("StoragePolicyName", "storagePolicyName", As::Text),
        ],
    ),
];

/// `Volumes:` of a pod or template.
pub(super) fn read(entry: Entry<'_, '_>) -> Node {
    let mut items = Vec::new();
    for volume in entry.below.entries() {
        let name = volume.row.text.trim_end_matches(':');
        if name.is_empty() || name.contains([' ', '<']) {
            continue;
        }
        let mut fields = Fields::new(volume.line());
        fields.put("name", values::text(name, volume.line()));
        if let Some((key, node)) = source(volume.below, volume.line()) {
            fields.put(key, node);
        }
        items.push(fields.node());
    }
    values::list_or_null(items, entry.line())
}

/// The source that a section describes, under its key in the API.
pub(super) fn source(section: Section<'_, '_>, line: u32) -> Option<(&'static str, Node)> {
    let kind = section.get("Type")?.value();
    let word = kind.split(' ').next().unwrap_or("");
    let mut fields = Fields::new(line);
    match word {
        "Projected" => {
            fields.put("sources", projected(section, line));
            return Some(("projected", fields.node()));
        }
        "DownwardAPI" => {
            fields.put("items", downward(section));
            return Some(("downwardAPI", fields.node()));
        }
        "EphemeralVolume" => return Some(("ephemeral", ephemeral(section, line))),
        _ => {}
    }
    let (_, key, known) = SOURCES.iter().find(|(name, _, _)| *name == word)?;
    for (field, key, form) in *known {
        let Some(entry) = section.get(field) else {
            continue;
        };
        fields.put(key, value(entry, *form));
    }
    if let Some(entry) = section.get("VolumeAttributes") {
        fields.put("volumeAttributes", attributes(entry));
    }
    Some((key, fields.node()))
}

fn value(entry: Entry<'_, '_>, form: As) -> Option<Node> {
    let (text, line) = (entry.value(), entry.line());
    if values::is_none(text) {
        return Some(values::null(line));
    }
    match form {
        As::Text => Some(values::text(text, line)),
        As::Number => values::number(text, line),
        As::Flag => values::flag(text, line),
        As::List => {
            let inner = text.trim_matches(['[', ']']);
            Some(values::words_or_null(inner, ' ', line))
        }
    }
}

/// Attributes of a CSI volume; those that kubectl cut are left out.
fn attributes(entry: Entry<'_, '_>) -> Node {
    let found: Vec<(u32, &str)> = entry.values();
    let whole: Vec<(u32, &str)> = found
        .iter()
        .copied()
        .filter(|(_, text)| !(text.len() > 140 && text.ends_with("...")))
        .collect();
    if whole.is_empty() && !found.is_empty() {
        return Fields::new(entry.line()).node();
    }
    values::labels(&whole, entry.line())
}

/// The parts of a projected volume, in their order.
fn projected(section: Section<'_, '_>, line: u32) -> Node {
    let mut items: Vec<Node> = Vec::new();
    for entry in section.entries() {
        let at = entry.line();
        let mut fields = Fields::new(at);
        let key = match entry.key() {
            "SecretName" => "secret",
            "ConfigMapName" => "configMap",
            "DownwardAPI" => "downwardAPI",
            "TokenExpirationSeconds" => "serviceAccountToken",
            // Since 1.33 `Optional`, before it `SecretOptionalName` and `ConfigMapOptional`.
            "Optional" | "ConfigMapOptional" | "SecretOptionalName" => {
                let Some(last) = items.last_mut() else {
                    continue;
                };
                let node = value(entry, As::Flag);
                set_optional(last, node);
                continue;
            }
            _ => continue,
        };
        match key {
            "serviceAccountToken" => {
                fields.put("expirationSeconds", values::number(entry.value(), at));
            }
            "downwardAPI" => {}
            _ => fields.put("name", values::text(entry.value(), at)),
        }
        items.push(Node::map(vec![(key, fields.node())]).at_line(at));
    }
    values::list_or_null(items, line)
}

/// The older form prints the pointer: `<nil>` or an address, which says nothing.
fn set_optional(item: &mut Node, node: Option<Node>) {
    let (Some(node), Some((key, _))) = (node, item.entries().first()) else {
        return;
    };
    if !matches!(key.as_str(), "secret" | "configMap") {
        return;
    }
    let key = key.clone();
    if let Some(mut inner) = item.get(&key).cloned() {
        inner.set("optional", node);
        item.set(&key, inner);
    }
}

/// `fieldPath -> path`
fn downward(section: Section<'_, '_>) -> Option<Node> {
    let entry = section.get("Items")?;
    let mut items = Vec::new();
    for row in entry.below.rows {
        let (from, path) = row.text.split_once(" -> ")?;
        let mut fields = Fields::new(row.line);
        fields.put("path", values::text(path, row.line));
        let from_node = values::text(from, row.line);
        if from.starts_with("limits.") || from.starts_with("requests.") {
            let inner = Node::map(vec![("resource", from_node)]).at_line(row.line);
            fields.put("resourceFieldRef", inner);
        } else {
            let inner = Node::map(vec![("fieldPath", from_node)]).at_line(row.line);
            fields.put("fieldRef", inner);
        }
        items.push(fields.node());
    }
    Some(values::list_or_null(items, entry.line()))
}

/// A claim template inside a pod.
fn ephemeral(section: Section<'_, '_>, line: u32) -> Node {
    let mut spec = Fields::new(line);
    super::object::copy_text(section, "StorageClass", &mut spec, "storageClassName");
    super::object::copy_text(section, "VolumeMode", &mut spec, "volumeMode");
    let mut template = Fields::new(line);
    template.put("spec", spec.node());
    let mut fields = Fields::new(line);
    fields.put("volumeClaimTemplate", template.node());
    fields.node()
}
