//! Walks a directory tree without following links and without opening anything but regular files.

use std::path::Path;

use walkdir::WalkDir;

use crate::{
    intake::{self, Gathered, Item},
    limits::{Budget, Trip},
    origin::Base,
    path::Name,
};

/// Takes in all regular files below `root`.
pub(crate) fn read(root: &Path, budget: &Budget<'_>) -> Gathered {
    let mut items = Vec::new();
    let mut gathered = intake::session(budget, |session| {
        let limits = budget.limits;
        let mut total = 0_u64;
        for found in WalkDir::new(root)
            .follow_links(false)
            .max_depth(limits.depth.saturating_add(1))
            .sort_by_file_name()
        {
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    let at = error.path().and_then(|path| path.strip_prefix(root).ok());
                    let at = at.map(|path| path.to_string_lossy().into_owned());
                    session.gathered.notes.many(
                        "files that cannot be read",
                        &at.unwrap_or_default(),
                        format!("cannot be read: {}", reason(&error)),
                    );
                    continue;
                }
            };
            let kind = found.file_type();
            let relative = found.path().strip_prefix(root).unwrap_or(found.path());
            if kind.is_dir() {
                if found.depth() > limits.depth {
                    session.refuse(&relative.to_string_lossy(), "name is nested too deeply");
                }
                continue;
            }
            let name = match Name::new(&raw_name(relative), limits) {
                Ok(name) => name,
                Err(why) => {
                    session.refuse(&relative.to_string_lossy(), why);
                    continue;
                }
            };
            if kind.is_symlink() {
                let target = std::fs::read_link(found.path())
                    .map(|target| target.to_string_lossy().into_owned())
                    .unwrap_or_default();
                session.gathered.links.push((name.path, target));
                continue;
            }
            if !kind.is_file() {
                session.special(&name.path);
                continue;
            }
            // Sizes are summed here, in order, so that the limit cuts at the same file whatever
            // the threads do.
            let size = found.metadata().map_or(0, |metadata| metadata.len());
            total = total.saturating_add(size.min(limits.entry_bytes));
            if total > limits.total_bytes {
                session.gathered.notes.add(
                    &name.path,
                    format!(
                        "not read, nor anything after it: {}",
                        Trip::Total(limits.total_bytes)
                    ),
                );
                break;
            }
            if !session.admit(&name.path) {
                break;
            }
            items.push(Item {
                name,
                base: Base::disk(found.into_path()),
                codecs: Vec::new(),
                declared: None,
            });
        }
    });
    gathered.extend(intake::each(budget, items, 0));
    gathered
}

/// What the operating system said, without the path, which differs from machine to machine.
fn reason(error: &walkdir::Error) -> String {
    error
        .io_error()
        .map_or_else(|| "it is inside itself".to_owned(), ToString::to_string)
}

#[cfg(unix)]
fn raw_name(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(not(unix))]
fn raw_name(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}
