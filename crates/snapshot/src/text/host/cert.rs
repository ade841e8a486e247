//! Reads when certificates end: `openssl x509 -dates`, `kubeadm certs check-expiration`.

use super::{
    report::{Fields, Sink},
    table, when,
};

/// `openssl x509 -noout -dates [-subject]` or `-text`; several certificates may follow each other.
pub(super) fn openssl(sink: &mut Sink<'_>, name: &str, text: &str) {
    let mut fields = Fields::default();
    for (number, line) in sink.lines(text) {
        let line = line.trim();
        let pair = line
            .split_once('=')
            .filter(|(key, _)| matches!(*key, "notBefore" | "notAfter" | "subject" | "issuer"))
            .or_else(|| {
                line.split_once(':')
                    .map(|(key, value)| (key.trim(), value))
                    .filter(|(key, _)| {
                        matches!(*key, "Not Before" | "Not After" | "Subject" | "Issuer")
                    })
            });
        let Some((key, value)) = pair else {
            continue;
        };
        match key {
            "notBefore" | "Not Before" => fields.time("notBefore", when::absolute(value), number),
            "notAfter" | "Not After" => {
                fields.time("notAfter", when::absolute(value), number);
            }
            "subject" | "Subject" => {
                // After the dates of one certificate a subject begins the next.
                if fields.has("notAfter") && fields.has("subject") {
                    flush(sink, name, std::mem::take(&mut fields));
                }
                fields.text("subject", value, number);
            }
            _ => {}
        }
    }
    flush(sink, name, fields);
}

fn flush(sink: &mut Sink<'_>, name: &str, mut fields: Fields) {
    if !fields.has("notAfter") {
        return;
    }
    let subject = fields
        .get("subject")
        .and_then(common_name)
        .map(str::to_owned);
    let name = if name.is_empty() {
        subject.unwrap_or_else(|| "certificate".to_owned())
    } else {
        name.to_owned()
    };
    fields.text("name", &name, 0);
    sink.push("Certificate", fields);
}

/// The common name in `CN = kube-apiserver`, `/CN=kube-apiserver`, `O = x, CN = y`.
fn common_name(subject: &str) -> Option<&str> {
    let (_, rest) = subject.rsplit_once("CN")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    rest.split([',', '/']).next().map(str::trim)
}

/// `kubeadm certs check-expiration`: `admin.conf  Jul 14, 2027 11:43 UTC  364d  ca  no`.
pub(super) fn kubeadm(sink: &mut Sink<'_>, text: &str) {
    let mut listed = false;
    for (number, line) in sink.lines(text) {
        if line.starts_with("CERTIFICATE") {
            listed = table::head(line).is_some();
            continue;
        }
        if !listed {
            continue;
        }
        let mut fields = Fields::default();
        if let Some(rest) = line.strip_prefix("!MISSING!") {
            let name = rest.split_whitespace().next().unwrap_or("");
            fields.text("name", name, number);
            fields.flag("missing", true, number);
            sink.push("Certificate", fields);
            continue;
        }
        let parts: Vec<&str> = line
            .split("  ")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        let [name, expires, residual, ..] = *parts.as_slice() else {
            continue;
        };
        let Some(time) = when::absolute(expires) else {
            continue;
        };
        fields.text("name", name, number);
        fields.time("notAfter", Some(time), number);
        fields.flag("expired", residual == "<invalid>", number);
        sink.push("Certificate", fields);
    }
}
