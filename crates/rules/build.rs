//! Embeds `rules/**/*.yaml` into the binary, in path order: their texts, and their trees as no run need parse them.

#[allow(
    dead_code,
    unreachable_pub,
    reason = "part of the crate; only what parses and writes is needed here"
)]
#[path = "src/source.rs"]
mod source;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "part of the crate; only what parses and writes is needed here"
)]
#[path = "src/tree.rs"]
mod tree;

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn collect(dir: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.push(path);
        }
    }
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "cargo talks to build scripts through the environment"
)]
fn main() -> io::Result<()> {
    let variable = |name: &str| std::env::var(name).map_err(io::Error::other);
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")?)
        .join("../../rules")
        .canonicalize()?;
    println!("cargo:rerun-if-changed={}", root.display());
    let mut found = Vec::new();
    collect(&root, &mut found)?;
    found.sort();
    let out = variable("OUT_DIR")?;
    let out = Path::new(&out);
    let mut code = String::from("&[\n");
    let mut trees = String::from("&[\n");
    for (number, path) in found.into_iter().enumerate() {
        println!("cargo:rerun-if-changed={}", path.display());
        let name = path
            .strip_prefix(&root)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        let _ = writeln!(
            code,
            "    ({name:?}, include_str!({:?})),",
            path.to_string_lossy()
        );
        let text = fs::read_to_string(&path)?;
        let mut bytes = Vec::new();
        // A rule that is no YAML is left to the run, which says where.
        if let Ok(doc) = source::parse(source::rule_of(&text)) {
            tree::write(&doc, &mut bytes);
        }
        let file = out.join(format!("{number}.tree"));
        fs::write(&file, bytes)?;
        let _ = writeln!(trees, "    include_bytes!({:?}),", file.to_string_lossy());
    }
    code.push_str("]\n");
    trees.push_str("]\n");
    fs::write(out.join("rules.rs"), code)?;
    fs::write(out.join("trees.rs"), trees)
}
