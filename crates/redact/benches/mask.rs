//! Prints how fast texts are masked, in megabytes a second on one thread.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a bench prints and measures"
)]

use std::{fmt::Write as _, time::Instant};

fn main() {
    let redactor = redact::Redactor::new(&[7; 32]);
    let mut log = String::new();
    let mut json = String::new();
    let mut yaml = String::from("apiVersion: v1\nitems:\n");
    for number in 0..200_000_u64 {
        let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let _ = writeln!(
            log,
            "2026-07-14T02:45:01.{:09}Z INFO handler request GET /api/v1/items/{id} took 12ms status=200 peer=10.1.2.{}",
            number,
            number % 250
        );
        let _ = writeln!(
            json,
            "{{\"level\":\"info\",\"ts\":\"2026-07-14T02:45:01.{number:09}Z\",\"caller\":\"server/handler.go:120\",\"msg\":\"request\",\"id\":\"{id:016x}\"}}"
        );
        if number % 100 == 0 {
            let _ = writeln!(
                log,
                "2026-07-14T02:45:01Z WARN db postgres://app:pw{id}@db/shop refused"
            );
            let _ = writeln!(
                json,
                "{{\"level\":\"warn\",\"user\":\"app\",\"password\":\"pw{id}\"}}"
            );
        }
        if number % 10 == 0 {
            let _ = write!(
                yaml,
                "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: web-{id}\n    namespace: shop\n    uid: {id:032x}\n  spec:\n    containers:\n    - env:\n      - name: DB_PASSWORD\n        value: pw{id}\n      - name: LEVEL\n        value: info\n      image: shop/web@sha256:{id:064x}\n      name: app\n      volumeMounts:\n      - mountPath: /var/run/secrets/kubernetes.io/serviceaccount\n        name: kube-api-access-x7k2p\n        readOnly: true\n  status:\n    phase: Running\n"
            );
        }
    }
    for (name, text) in [
        ("log", &log),
        ("log in JSON", &json),
        ("pods in YAML", &yaml),
    ] {
        let mut best = f64::MAX;
        let mut count = 0;
        for _ in 0..3 {
            let start = Instant::now();
            let (_, counts) = redactor.text(text);
            best = best.min(start.elapsed().as_secs_f64());
            count = counts.values().sum::<u64>();
        }
        println!(
            "{name:<14} {:>7.1} MB  {:>7.0} MB/s  {count} masked",
            text.len() as f64 / 1e6,
            text.len() as f64 / 1e6 / best
        );
    }
}
