//! Examples in the forms of real systems, and properties that hold for any text.

use proptest::prelude::*;

use super::*;

fn masked(text: &str) -> String {
    Redactor::new(&[7; 32]).text(text).0
}

#[test]
fn expressions_compile() {
    assert!(shapes::all_compile());
}

#[test]
fn what_is_masked() {
    for text in [
        "DB_PASSWORD=hunter2",
        "  db.password = hunter2  ",
        "{\"user\":\"a\",\"password\":\"hunter2\"}",
        "--password hunter2 --x",
        "  - name: DB_PASSWORD\n    value: hunter2\n",
        "  - value: hunter2\n    name: DB_PASSWORD\n",
        "apiVersion: v1\ndata:\n  a: aHVudGVyMg==\nkind: Secret\n",
        "apiVersion: v1\ndata:\n  a: aHVudGVyMg==\n",
        "kind: SecretList\nitems:\n- data:\n    a: aHVudGVyMg==\n",
        "kind: Secret\nstringData:\n  b: |\n    hunter2\n    hunter2\n",
        "{\"kind\":\"SecretList\",\"items\":[{\"data\":{\"a\":\"aHVudGVyMg==\"}}]}",
        "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"aHVudGVyMg==",
        "msg=\"{\\\"token\\\":\\\"hunter2hunter2\\\"}\"",
        "url https://user:hunter2@host/x",
        "url amqp://user:hun/ter2hunter2@host/x",
        "Authorization: Bearer hunter2hunter2",
        "curl -u me:hunter2 http://x",
        "password=hun,ter2hunter2;x",
        "{\"a\":\"x: 1\\npassword: hunter2\\n\"}",
        "- {apiVersion: v1, kind: Secret, metadata: {name: a}, data: {cfg: aHVudGVyMg==}}\n",
        "items: [{data: {a: aHVudGVyMg==}, 'kind' : \"Secret\"}, {kind: ConfigMap}]\n",
        "- {apiVersion: v1, data: {cfg: aHVudGVyMg==},\n   kind: Secret}\n- a\n",
        "- {kind: Secret, metadata: {name: a},\n   data: {\n    cfg: aHVudGVyMg==}}\n- a\n",
        "- {apiVersion: v1, data: {cfg: aHVudGVyMg==}, metadata",
        "{\"apiVersion\": v1, \"data\": {\"a\": aHVudGVyMg==}, \"kind\": Secret}\n",
        "{\n  apiVersion: v1,\n  data: {\n    a: aHVudGVyMg==\n  },\n  kind: Secret\n}\n",
        "apiVersion: v1\npasswords:\n- hunter2\n- 'hunter2'\n- hunter2\n",
        "apiVersion: v1\npasswords:\n  - |\n    hunter2\n  - !!str hunter2\n  - hun\n    ter2hunter2\n",
        "apiVersion: v1\npasswords: [\"hunter2\", hunter2]\n",
        "apiVersion: v1\npasswords: [hunter2,\n  hunter2]\n",
        "x: {passwords: [hunter2, hunter2], y: z}\n",
        "{\n  \"passwords\": [\n    \"hunter2\",\n    \"hunter2\"\n  ],\n  \"a\": 1\n}\n",
        "apiVersion: v1\ntoken: !vault |\n  hunter2\n",
        "apiVersion: v1\ntoken: !!binary |\n  aHVudGVyMg==\n",
        "apiVersion: v1\ntoken: &a |\n  hunter2\n",
    ] {
        let now = masked(text);
        assert!(
            !now.contains("hunter2") && !now.contains("aHVudGVyMg"),
            "{now}"
        );
        assert!(now.contains("<masked:"), "{now}");
    }
}

#[test]
fn what_stays() {
    for text in [
        "kind: ConfigMap\ndata:\n  a: plain\n",
        "failed to fetch token: serviceaccounts \"default\" is forbidden",
        "failed to list *v1.Secret: secrets \"x\" is forbidden",
        "\"apiserver.latency.k8s.io/authorization\":\"39.359µs\"",
        "image rancher/kube-api-auth:v0.1.3 pulled",
        "apiVersion: v1\npassword:\n  properties: {}\n  required:\n  - key\n  - name\nx:\n- y\n",
        "apiVersion: v1\npasswords:\n- name: a\n  required:\n  - key\nx:\n- y\n",
        "2026 login with password: [redacted] and passwords=[] as passwd: [****]",
        "Secret:(*v1.SecretVolumeSource)(nil), NFS:(*v1.NFSVolumeSource)(nil)",
        "handlers.py[DEBUG]: modules-config/config-set-passwords: running config-set-passwords with frequency",
        "server.go:327 keystone-credentials: Reactive main running for hook",
        "secret \"prometheus-k8s-token-x7k2p\" not found",
        "MountVolume.SetUp failed for volume \"aws-credentials\" : failed to sync",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn equal_values_have_equal_masks() {
    let text = masked("a_password=hunter2\nb: postgres://u:hunter2@h/\nc_token=other1\n");
    let names: Vec<&str> = text
        .split("<masked:")
        .skip(1)
        .filter_map(|rest| rest.split('>').next()?.rsplit(':').next())
        .collect();
    assert_eq!(names[0], names[1]);
    assert_ne!(names[0], names[2]);
}

#[test]
fn a_key_keeps_its_lines() {
    let body = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2".to_owned();
    let text = format!(
        "x: |\n  -----BEGIN RSA PRIVATE KEY-----\n  {body}\n  {body}\n  QUJD\n  -----END RSA PRIVATE KEY-----\ny: z\n"
    );
    let now = masked(&text);
    assert_eq!(now.lines().count(), text.lines().count());
    assert!(!now.contains("QUJD"), "{now}");
    assert!(
        now.starts_with("x: |\n  <masked:private-key:") && now.ends_with("\ny: z\n"),
        "{now}"
    );
    // A certificate is public.
    let text = text.replace("RSA PRIVATE KEY", "CERTIFICATE");
    assert_eq!(masked(&text), text);
}

/// No line may cost the square of its length.
#[test]
fn long_lines_are_no_trap() {
    for piece in [
        "password",
        "{\"a\":",
        "[[",
        "\\\"",
        "token=x ",
        "://",
        "://a:b@",
        "\\n- a: b",
        "-----BEGIN ",
        "AAAA",
        "{\"data\":{",
        "key: \"",
        "a=b,",
        "auth:/",
        "token=[ ",
        "authorization:x ",
        "Authorization: a1b2c3d4 ",
        "cookie: x ",
        "token=x,",
        "token:x,",
        "token=${",
        "token=vault:",
        "=arn:token",
        "token=\\\"{",
        "token: (*",
        "{a: b, ",
        "- ",
        "secret_key: !a ",
        "token\u{1b}[1m ",
        "name: token, value: ",
    ] {
        long_line(&piece.repeat((1 << 20) / piece.len()));
    }
    long_line(&(" ".repeat(1 << 20) + &"token=x ".repeat(1 << 17)));
    long_line(&("password= ".to_owned() + &"a ".repeat(1 << 20)));
    long_line(&("token=${".repeat(1 << 17) + "}"));
    long_line(&("{kind: Secret, ".to_owned() + &"a: {b: [c, ".repeat(1 << 16)));
}

/// The time allowed is many times what the line takes, and little of what its square would.
#[allow(
    clippy::disallowed_methods,
    reason = "the square of a length is only seen in time"
)]
fn long_line(text: &str) {
    let start = std::time::Instant::now();
    let now = masked(text);
    assert_eq!(now.lines().count(), text.lines().count());
    let took = start.elapsed();
    let begin: String = text.trim_start().chars().take(30).collect();
    if std::env::var_os("SHOW").is_some() {
        println!("{:>8} ms {begin}", took.as_millis());
    }
    assert!(took.as_secs() < 30, "{begin}: {took:?}");
}

/// Numbers in JSON become strings, so that JSON stays JSON.
#[test]
fn a_masked_number_is_a_string() {
    for text in [
        "{\"name\":\"DB_PASSWORD\",\"value\":12345678}",
        "{\"value\":12345678,\"name\":\"DB_PASSWORD\"}",
        "{\"password\":12345678}",
    ] {
        let now = masked(text);
        assert!(
            now.contains("\"<masked:") && now.contains(">\"") && !now.contains("12345678"),
            "{now}"
        );
    }
    let now = masked("{\"a\":\"{\\\"name\\\":\\\"TOKEN\\\",\\\"value\\\":12345678}\"}");
    assert!(
        now.contains(":\\\"<masked:env:") && now.contains(">\\\"}"),
        "{now}"
    );
}

/// Tags stay, and what they are of is one value.
#[test]
fn tags_stay_yaml() {
    let text = "apiVersion: v1\npassword: !!str \"hunter2\"\nb: {c: d}\ntoken: !!binary |\n  aHVudGVyMg==\npasswords:\n- !!str hunter2\n- &x 'hunter2'\n";
    let now = masked(text);
    let read: Result<serde_yaml::Value, _> = serde_yaml::from_str(&now);
    assert!(read.is_ok(), "{now}: {:?}", read.err());
    assert!(
        !now.contains("hunter2") && !now.contains("aHVudGVyMg"),
        "{now}"
    );
    assert!(now.contains("password: !!str \"<masked:password:"), "{now}");
}

/// Flow YAML beside a Secret stays, and is YAML still.
#[test]
fn flow_stays_yaml() {
    let text = "apiVersion: v1\nitems: [{kind: ConfigMap, data: {a: plain}}, {kind: Secret,\n  data: {a: aHVudGVyMg==},\n  x: y}, {kind: Pod, b: c}]\nd: e\n";
    let now = masked(text);
    let read: serde_yaml::Value = serde_yaml::from_str(&now).unwrap();
    assert_eq!(read["items"][0]["data"]["a"], "plain", "{now}");
    assert_eq!(read["items"][2]["b"], "c", "{now}");
    assert_eq!(read["d"], "e", "{now}");
    assert!(
        !now.contains("aHVudGVyMg") && now.contains("<masked:secret-data:"),
        "{now}"
    );
}

/// Pieces of which confusing texts are made.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "password",
            "token",
            ": ",
            "=",
            "\"",
            "'",
            "\\",
            "\\\"",
            "{",
            "}",
            "[",
            "]",
            ",",
            "\n",
            "\r\n",
            "  ",
            "- ",
            "name",
            "value",
            "kind",
            "Secret",
            "data",
            ":",
            "|",
            ">",
            "-----BEGIN RSA PRIVATE KEY-----",
            "-----END RSA PRIVATE KEY-----",
            "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVph",
            "://",
            "@",
            "user",
            "hunter2",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
            "Authorization",
            "Bearer ",
            "é",
            "\u{0}",
            "\u{1b}[1m",
            "<masked:password:0123456789>",
            "apiVersion",
            "stringData",
            "--",
            "\\n",
            "null",
            "12345",
            "[104, 117]",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,6}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_keeps_its_lines(text in pieces()) {
        let now = masked(&text);
        prop_assert_eq!(now.matches('\n').count(), text.matches('\n').count());
        // The last line of a value of several may be empty.
        prop_assert!(now.ends_with('\n') || !text.ends_with('\n'));
    }

    /// How the text arrives makes no difference.
    #[test]
    fn parts_are_as_good_as_the_whole(text in pieces()) {
        let redactor = Redactor::new(&[7; 32]);
        let mut plan = Plan::default();
        for line in text.split_inclusive('\n') {
            plan.look(line);
        }
        plan.end();
        let mut masker = redactor.file(plan);
        let mut out = String::new();
        for line in text.split_inclusive('\n') {
            masker.mask(line, &mut out);
        }
        let mut plan = Plan::default();
        plan.look(&text);
        plan.end();
        let mut masker = redactor.file(plan);
        let mut whole = String::new();
        masker.mask(&text, &mut whole);
        prop_assert_eq!(out, whole);
    }

    #[test]
    fn yaml_stays_yaml(
        entries in prop::collection::btree_map("(db_)?(password|token|name|host|value|kind|data)[a-z]{0,2}", "[ -~]{0,30}|[a-z\\n ]{0,40}", 1..8)
    ) {
        let list = serde_yaml::to_string(&vec![&entries, &entries]).unwrap_or_default();
        let text = format!("apiVersion: v1\nitems:\n{list}");
        let now = masked(&text);
        let read: Result<serde_yaml::Value, _> = serde_yaml::from_str(&now);
        prop_assert!(read.is_ok(), "{}\nbecame\n{}\n{:?}", text, now, read.err());
        let read = read.unwrap_or_default();
        for item in read["items"].as_sequence().into_iter().flatten() {
            for key in entries.keys() {
                prop_assert!(item.get(key.as_str()).is_some(), "{} is lost in\n{}", key, now);
            }
        }
    }
}
