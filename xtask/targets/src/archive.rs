//! Any bytes, as a stream and as a file: opening ends with a bundle or an error, and every way of reading it agrees.

use coldcase_bundle::{Bundle, Limits, open, open_reader};

fn read(bundle: &Bundle) {
    for file in &bundle.files {
        let text = file.text();
        let chunks: String = file.chunks().map(|chunk| chunk.text.into_cow()).collect();
        assert_eq!(text, chunks, "{}", file.path);
        let last = file.line_count();
        file.excerpt(last / 2, last);
        assert!(text.ends_with(&*file.tail(2).text), "{}", file.path);
        assert!(text.starts_with(&*file.head(100)), "{}", file.path);
    }
    assert!(bundle.late_problems().is_empty());
}

/// Opens the bytes both ways.
///
/// # Panics
/// If two ways of reading a file differ.
pub fn archive(data: &[u8]) {
    let limits = Limits {
        total_bytes: 8 << 20,
        entry_bytes: 2 << 20,
        entries: 1_000,
        memory_bytes: 4 << 20,
        ..Limits::default()
    };
    let streamed = open_reader("fuzz.bin", std::io::Cursor::new(data.to_vec()), &limits);
    if let Ok(bundle) = &streamed {
        read(bundle);
    }
    let path = std::env::temp_dir().join(format!("coldcase-fuzz-{}.bin", std::process::id()));
    if std::fs::write(&path, data).is_ok() {
        if let Ok(bundle) = open(&path, &limits) {
            read(&bundle);
        }
        let _ = std::fs::remove_file(&path);
    }
}
