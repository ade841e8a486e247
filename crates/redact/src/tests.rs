//! Examples in the forms of real systems, and properties that hold for any text.

use super::*;

fn masked(text: &str) -> String {
    Redactor::new(&[7; 32]).text(text).0
}

#[test]
fn expressions_compile() {
    assert!(shapes::all_compile());
}

#[test]
fn looks() {
    for text in [
        "DB_PASSWORD=hunter2",
        "  db.password = hunter2  ",
        "{\"user\":\"a\",\"password\":\"hunter2\"}",
        "--password hunter2 --x",
        "  - name: DB_PASSWORD\n    value: hunter2\n",
        "    value: hunter2\n    name: DB_PASSWORD\n",
        "apiVersion: v1\ndata:\n  a: aHVudGVyMg==\nkind: Secret\n",
        "kind: Secret\nstringData:\n  b: |\n    hunter2\n    hunter2\n",
        "msg=\"{\\\"token\\\":\\\"hunter2hunter2\\\"}\"",
        "url https://user:hunter2@host/x",
        "Authorization: Bearer hunter2hunter2",
        "curl -u me:hunter2 http://x",
    ] {
        println!("{}", masked(text));
        assert!(!masked(text).contains("hunter2"), "{}", masked(text));
        assert!(!masked(text).contains("aHVudGVyMg"), "{}", masked(text));
    }
}
