//! The kubeconfig that leads kubectl to a served bundle; never over a file of somebody else's.

use std::{
    fs,
    io::{Read, Write},
    net::SocketAddr,
    path::Path,
};

use crate::error::Failure;

/// The first line of what this command writes.
const MARK: &str = "# Written by `coldcase serve`; replaced each time.";

/// Whether the file may be written.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    let mut head = Vec::new();
    match fs::File::open(path) {
        Ok(file) => {
            let read = file.take(MARK.len() as u64).read_to_end(&mut head);
            read.map_err(|error| Failure::Kubeconfig(path.to_owned(), error.to_string()))?;
            if head == MARK.as_bytes() || head.is_empty() {
                Ok(())
            } else {
                let why = "it exists and was not written by this command".to_owned();
                Err(Failure::Kubeconfig(path.to_owned(), why))
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::Kubeconfig(path.to_owned(), error.to_string())),
    }
}

/// Writes it.
pub(super) fn write(path: &Path, name: &str, address: SocketAddr) -> Result<(), Failure> {
    // The bundle's name is hostile text; a JSON string is a YAML string.
    let name: String = name
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter))
        .take(80)
        .collect();
    let name = serde_json::Value::from(format!("coldcase-{name}"));
    let text = format!(
        "{MARK}\napiVersion: v1\nkind: Config\ncurrent-context: {name}\nclusters:\n- name: {name}\n  cluster:\n    server: http://{address}\ncontexts:\n- name: {name}\n  context:\n    cluster: {name}\n    user: nobody\nusers:\n- name: nobody\n  user: {{}}\n"
    );
    fs::File::create(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::Kubeconfig(path.to_owned(), error.to_string()))
}

/// The line that a shell takes.
pub(super) fn export_line(path: &Path) -> String {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = path.display().to_string().replace('\'', "'\\''");
    format!("export KUBECONFIG='{path}'\n")
}
