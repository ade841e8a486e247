//! Writes a bundle full of secrets in the words of the programs that print them; it knows nothing of how they are masked.

use std::{fs, path::Path};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::json;

use crate::lines::LINES;

/// One planted value.
pub(crate) struct Secret {
    pub value: String,
    pub shape: String,
    /// It lies in the bundle in a form that no plain search finds.
    pub packed: bool,
}

/// Numbers that look drawn by lot and are the same in every run.
struct Lot(u64);

impl Lot {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn of(&mut self, letters: &str, count: usize) -> String {
        let letters: Vec<char> = letters.chars().collect();
        (0..count)
            .map(|_| letters[self.next() as usize % letters.len()])
            .collect()
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGIT: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SAFE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Values as people and generators choose them. `%` forms: w a word and digits, s with signs, h hex,
/// b base64, a letters and digits.
fn value(lot: &mut Lot, form: &str) -> String {
    match form {
        "word" => format!("{}{}", lot.of(LOWER, 6), lot.of(DIGIT, 4)),
        "signs" => format!("{}!{}#{}%", lot.of(LOWER, 3), lot.of(ALNUM, 4), lot.of(DIGIT, 3)),
        "alnum" => lot.of(ALNUM, 24),
        "hex" => lot.of(HEX, 32),
        "b64" => format!("{}=", lot.of(BASE64, 43)),
        "phrase" => format!("{} {} {}", lot.of(LOWER, 6), lot.of(LOWER, 7), lot.of(LOWER, 5)),
        "digits" => lot.of(DIGIT, 8),
        "aws-id" => format!("AKIA{}", lot.of(UPPER, 16)),
        "aws-tmp" => format!("ASIA{}", lot.of(UPPER, 16)),
        "aws-key" => lot.of(BASE64, 40),
        "github" => format!("ghp_{}", lot.of(ALNUM, 36)),
        "github-fine" => format!("github_pat_{}_{}", lot.of(ALNUM, 22), lot.of(ALNUM, 59)),
        "github-app" => format!("ghs_{}", lot.of(ALNUM, 36)),
        "gitlab" => format!("glpat-{}", lot.of(SAFE, 20)),
        "slack" => format!("xoxb-{}-{}-{}", lot.of(DIGIT, 12), lot.of(DIGIT, 12), lot.of(ALNUM, 24)),
        "slack-app" => format!("xapp-1-A{}-{}-{}", lot.of(UPPER, 10), lot.of(DIGIT, 13), lot.of(HEX, 64)),
        "stripe" => format!("sk_live_{}", lot.of(ALNUM, 24)),
        "stripe-hook" => format!("whsec_{}", lot.of(ALNUM, 32)),
        "google" => format!("AIza{}", lot.of(SAFE, 35)),
        "google-oauth" => format!("ya29.a0{}", lot.of(SAFE, 80)),
        "google-client" => format!("GOCSPX-{}", lot.of(SAFE, 28)),
        "npm" => format!("npm_{}", lot.of(ALNUM, 36)),
        "pypi" => format!("pypi-AgEIcHlwaS5vcmc{}", lot.of(SAFE, 60)),
        "sendgrid" => format!("SG.{}.{}", lot.of(SAFE, 22), lot.of(SAFE, 43)),
        "twilio" => format!("SK{}", lot.of(HEX, 32)),
        "mailgun" => format!("key-{}", lot.of(HEX, 32)),
        "vault" => format!("hvs.{}", lot.of(SAFE, 24)),
        "digitalocean" => format!("dop_v1_{}", lot.of(HEX, 64)),
        "docker" => format!("dckr_pat_{}", lot.of(SAFE, 27)),
        "openai" => format!("sk-proj-{}", lot.of(SAFE, 48)),
        "anthropic" => format!("sk-ant-api03-{}", lot.of(SAFE, 90)),
        "hugging" => format!("hf_{}", lot.of(ALNUM, 34)),
        "grafana" => format!("glsa_{}_{}", lot.of(ALNUM, 32), lot.of(HEX, 8)),
        "newrelic" => format!("NRAK-{}", lot.of(UPPER, 27)),
        "databricks" => format!("dapi{}", lot.of(HEX, 32)),
        "shopify" => format!("shpat_{}", lot.of(HEX, 32)),
        "telegram" => format!("{}:AA{}", lot.of("123456789", 10), lot.of(SAFE, 33)),
        "openshift" => format!("sha256~{}", lot.of(SAFE, 43)),
        "k3s" => format!("K10{}::server:{}", lot.of(HEX, 64), lot.of(HEX, 32)),
        "kubeadm" => format!("{}.{}", lot.of("abcdef0123456789", 6), lot.of("abcdef0123456789", 16)),
        "bcrypt" => format!("$2y$10${}", lot.of(&format!("{ALNUM}./"), 53)),
        "sha512" => format!("$6${}${}", lot.of(ALNUM, 16), lot.of(&format!("{ALNUM}./"), 86)),
        "apr1" => format!("$apr1${}${}", lot.of(ALNUM, 8), lot.of(ALNUM, 22)),
        "age" => format!("AGE-SECRET-KEY-1{}", lot.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
        "azure" => format!("{}==", lot.of(BASE64, 86)),
        "jwt" => format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"RS256\",\"kid\":\"{}\"}}", lot.of(SAFE, 20))),
            URL_SAFE_NO_PAD.encode(format!(
                "{{\"iss\":\"kubernetes/serviceaccount\",\"sub\":\"system:serviceaccount:shop:{}\"}}",
                lot.of(LOWER, 12)
            )),
            lot.of(SAFE, 120)
        ),
        _ => panic!("no form {form}"),
    }
}

/// Adds values to a text; `times` makes each planted value its own.
struct Planter {
    lot: Lot,
    secrets: Vec<Secret>,
}

impl Planter {
    fn secret(&mut self, form: &str, shape: &str) -> String {
        let value = value(&mut self.lot, form);
        self.keep(&value, shape);
        value
    }

    fn keep(&mut self, value: &str, shape: &str) {
        self.secrets.push(Secret {
            value: value.to_owned(),
            shape: shape.to_owned(),
            packed: false,
        });
    }

    /// All lines, each with values of its own.
    fn lines(&mut self, place: &str) -> Vec<String> {
        LINES
            .iter()
            .map(|(shape, form, template)| {
                let value = self.secret(form, &format!("{shape}, {place}"));
                template.replace("@@", &value)
            })
            .collect()
    }

    /// A private key; every line of its body is a secret.
    fn pem(&mut self, name: &str, shape: &str) -> String {
        let mut text = format!("-----BEGIN {name}-----\n");
        for at in 0..6 {
            let line = self.lot.of(BASE64, if at == 5 { 44 } else { 64 });
            self.keep(&line, shape);
            text.push_str(&line);
            text.push('\n');
        }
        text + &format!("-----END {name}-----\n")
    }
}

fn indented(text: &str, by: usize) -> String {
    text.lines()
        .map(|line| format!("{}{line}\n", " ".repeat(by)))
        .collect()
}

/// Writes the bundle; gives what must be nowhere in its redaction.
pub(crate) fn plant(dir: &Path) -> Vec<Secret> {
    let mut planter = Planter {
        lot: Lot(42),
        secrets: Vec::new(),
    };
    for below in ["cluster", "logs/shop/web-1", "nodes/n1", "extra"] {
        fs::create_dir_all(dir.join(below)).unwrap();
    }
    fs::write(
        dir.join("bundle.yaml"),
        "apiVersion: coldcase.dev/v1\nkind: Bundle\ncaptured_at: \"2026-07-14T02:50:07Z\"\n",
    )
    .unwrap();
    logs(&mut planter, dir);
    secrets(&mut planter, dir);
    pods(&mut planter, dir);
    config(&mut planter, dir);
    nodes(&mut planter, dir);
    for secret in &mut planter.secrets {
        secret.packed = matches!(
            secret.shape.as_str(),
            "base64 of an environment"
                | "key in a kubeconfig"
                | "docker config auth"
                | "journal, bytes"
        );
    }
    planter.secrets
}

fn logs(planter: &mut Planter, dir: &Path) {
    let mut log = String::new();
    for line in planter.lines("log") {
        log.push_str(&format!("2026-07-14T02:45:01.123456789Z {line}\n"));
    }
    let pem = planter.pem("RSA PRIVATE KEY", "key in a log");
    for line in pem.lines() {
        log.push_str(&format!("2026-07-14T02:45:02.000000001Z {line}\n"));
    }
    log.push_str("2026-07-14T02:45:03.000000001Z panic: cannot start\n");
    fs::write(dir.join("logs/shop/web-1/app.log"), log).unwrap();

    let mut log = String::new();
    for line in planter.lines("log in JSON") {
        let line = json!({"level": "error", "ts": "2026-07-14T02:45:01Z", "msg": line});
        log.push_str(&format!("2026-07-14T02:45:01.123456789Z {line}\n"));
    }
    for (key, form) in [
        ("password", "phrase"),
        ("apiKey", "alnum"),
        ("client_secret", "hex"),
        ("token", "jwt"),
        ("pin_code_secret", "digits"),
    ] {
        let value = planter.secret(form, &format!("{key} in a JSON log"));
        log.push_str(&format!(
            "{}\n",
            json!({"level": "info", "request": {"user": "app", key: value}})
        ));
    }
    let value = planter.secret("digits", "a number in JSON");
    log.push_str(&format!("{{\"user\":\"app\",\"password\":{value}}}\n"));
    let value = planter.secret("word", "JSON in JSON in JSON");
    let inner = json!({"user": "app", "db": {"password": value}}).to_string();
    let middle = json!({"body": inner}).to_string();
    log.push_str(&format!("{}\n", json!({"msg": middle})));
    let value = planter.secret("word", "JSON that is cut off");
    log.push_str(&format!("{{\"msg\":\"dump {{\\\"password\\\":\\\"{value}"));
    fs::write(dir.join("logs/shop/web-1/app.previous.log"), log).unwrap();
}

fn secrets(planter: &mut Planter, dir: &Path) {
    let mut list = String::from("apiVersion: v1\nitems:\n");
    for (name, form) in [
        ("db", "word"),
        ("api", "signs"),
        ("pin", "digits"),
        ("phrase", "phrase"),
    ] {
        let value = planter.secret(form, &format!("Secret {name}"));
        let applied = planter.secret("alnum", &format!("last applied of {name}"));
        let annotation = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"x": applied}, "metadata": {"name": name}});
        list.push_str(&format!(
            "- apiVersion: v1\n  data:\n    anything: {}\n    empty: \"\"\n  kind: Secret\n  metadata:\n    annotations:\n      kubectl.kubernetes.io/last-applied-configuration: |\n        {annotation}\n    name: {name}\n    namespace: shop\n  type: Opaque\n",
            STANDARD.encode(&value)
        ));
    }
    let value = planter.secret("word", "stringData");
    let block = planter.secret("phrase", "stringData block");
    list.push_str(&format!(
        "- kind: Secret\n  apiVersion: v1\n  stringData:\n    plain: {value}\n    block: |\n      first {block}\n      last\n  metadata:\n    name: string\n    namespace: shop\n"
    ));
    let inner = planter.secret("word", "docker config auth");
    let auth = STANDARD.encode(format!("ci:{inner}"));
    planter.keep(&auth, "docker config auth, encoded");
    let docker = json!({"auths": {"registry.example.com": {"auth": auth}}}).to_string();
    list.push_str(&format!(
        "- apiVersion: v1\n  data:\n    .dockerconfigjson: {}\n  kind: Secret\n  metadata:\n    name: pull\n    namespace: shop\n  type: kubernetes.io/dockerconfigjson\nkind: List\n",
        STANDARD.encode(&docker)
    ));
    fs::write(dir.join("cluster/secrets.yaml"), list).unwrap();
    fs::write(dir.join("extra/config.json"), docker).unwrap();

    // As the API server answers: the list knows its kind, its items do not.
    let one = planter.secret("word", "SecretList in one line");
    let two = planter.secret("word", "SecretList printed");
    let raw = |value: &str| json!({"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}, "data": {"k": STANDARD.encode(value)}}]});
    fs::write(dir.join("extra/secrets.json"), raw(&one).to_string()).unwrap();
    fs::write(
        dir.join("extra/secrets-pretty.json"),
        serde_json::to_string_pretty(&raw(&two)).unwrap(),
    )
    .unwrap();
    let value = planter.secret("word", "kubectl get secret -o json");
    let object = json!({"apiVersion": "v1", "data": {"k": STANDARD.encode(value)}, "kind": "Secret", "metadata": {"name": "b"}});
    fs::write(
        dir.join("extra/secret-pretty.json"),
        serde_json::to_string_pretty(&object).unwrap(),
    )
    .unwrap();
    let value = planter.secret("word", "a Secret that is cut off");
    fs::write(
        dir.join("extra/cut.txt"),
        format!(
            "apiVersion: v1\ndata:\n  first: {}\n",
            STANDARD.encode(value)
        ),
    )
    .unwrap();
}

fn pods(planter: &mut Planter, dir: &Path) {
    let one = planter.secret("word", "env");
    let two = planter.secret("phrase", "env, value first");
    let three = planter.secret("alnum", "argument in a list");
    let four = planter.secret("alnum", "argument after its flag");
    let five = planter.secret("signs", "env in last applied");
    let six = planter.secret("word", "url in an env without a telling name");
    let seven = planter.secret("alnum", "annotation");
    let applied = json!({"kind": "Pod", "spec": {"containers": [{"env": [{"name": "API_TOKEN", "value": five}]}]}});
    let pod = format!(
        "apiVersion: v1
items:
- apiVersion: v1
  kind: Pod
  metadata:
    annotations:
      example.com/webhook-token: {seven}
      kubectl.kubernetes.io/last-applied-configuration: |
        {applied}
    name: web-1
    namespace: shop
    uid: 0d6f7a52-1111-2222-3333-444455556666
  spec:
    containers:
    - args:
      - --api-token={three}
      - --admin-password
      - {four}
      env:
      - name: DB_PASSWORD
        value: {one}
      - value: {two}
        name: MAIL_SECRET
      - name: UPSTREAM
        value: https://app:{six}@up.example.com/
      - name: FROM_SECRET
        valueFrom:
          secretKeyRef:
            key: password
            name: db
      image: shop/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
      name: app
    nodeName: n1
  status:
    containerStatuses:
    - lastState:
        terminated:
          exitCode: 1
          finishedAt: \"2026-07-14T02:45:03Z\"
          reason: Error
          startedAt: \"2026-07-14T02:45:00Z\"
      name: app
      ready: false
      restartCount: 7
      state:
        waiting:
          message: back-off 5m0s restarting failed container
          reason: CrashLoopBackOff
    phase: Running
kind: List
"
    );
    fs::write(dir.join("cluster/pods.yaml"), pod).unwrap();
    let value = planter.secret("word", "kubectl describe");
    fs::write(
        dir.join("extra/describe.txt"),
        format!("Name:         web-2\nNamespace:    shop\nContainers:\n  app:\n    Environment:\n      DB_PASSWORD:  {value}\n      OTHER:        <set to the key 'password' in secret 'db'>  Optional: false\n"),
    )
    .unwrap();
}

fn config(planter: &mut Planter, dir: &Path) {
    // YAML has no control characters.
    let lines: Vec<String> = planter
        .lines("ConfigMap")
        .into_iter()
        .map(|line| line.replace('\u{1b}', ""))
        .collect();
    let lines = lines.join("\n");
    let pem = planter.pem("EC PRIVATE KEY", "key in a ConfigMap");
    let lone = planter.secret("word", "base64 of an environment");
    let lone = STANDARD.encode(format!("HOST=db\nDB_PASSWORD={lone}\n"));
    planter.keep(&lone, "base64 of an environment, encoded");
    let map = format!(
        "apiVersion: v1\ndata:\n  app.conf: |\n{}  tls: |\n{}  packed: {lone}\nkind: ConfigMap\nmetadata:\n  name: app\n  namespace: shop\n",
        indented(&lines, 4),
        indented(&pem, 4)
    );
    fs::write(dir.join("cluster/configmaps.yaml"), map).unwrap();
    let yaml = planter.secret("phrase", "YAML in JSON");
    let pem = planter.pem("OPENSSH PRIVATE KEY", "key in JSON");
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "j"}, "data": {
        "values.yaml": format!("auth:\n  enabled: true\n  adminPassword: {yaml}\n"), "key": pem}});
    fs::write(
        dir.join("extra/configmap.json"),
        serde_json::to_string_pretty(&map).unwrap(),
    )
    .unwrap();

    let key = planter.pem("RSA PRIVATE KEY", "key in a kubeconfig");
    let key = STANDARD.encode(key);
    planter.keep(&key, "client-key-data");
    let token = planter.secret("jwt", "kubeconfig token");
    fs::write(
        dir.join("extra/kubeconfig.yaml"),
        format!("apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=\n    client-key-data: {key}\n    token: {token}\n"),
    )
    .unwrap();
    let key = planter.pem("PRIVATE KEY", "key of a GCP account");
    let id = planter.secret("hex", "id of a GCP key");
    let account = json!({"type": "service_account", "project_id": "shop", "private_key": key, "private_key_secret": id});
    fs::write(
        dir.join("extra/gcp.json"),
        serde_json::to_string_pretty(&account).unwrap(),
    )
    .unwrap();
    let key = planter.pem("PGP PRIVATE KEY BLOCK", "PGP key");
    fs::write(dir.join("extra/pgp.txt"), key).unwrap();
    let key = planter.pem("RSA PRIVATE KEY", "key without its begin");
    let tail: Vec<&str> = key.lines().skip(2).collect();
    fs::write(dir.join("extra/tail.log"), tail.join("\n") + "\nstarted\n").unwrap();
    // The part that was cut away is not in the bundle.
    let first = key.lines().nth(1).unwrap_or("").to_owned();
    planter.secrets.retain(|secret| secret.value != first);
    let block = planter.secret("phrase", "block below a key");
    let folded = planter.secret("word", "quoted over two lines");
    fs::write(
        dir.join("extra/values.yaml"),
        format!("db:\n  password: |-\n    {block}\n  token: \"abc\n    {folded}\"\n  host: db\n"),
    )
    .unwrap();
}

fn nodes(planter: &mut Planter, dir: &Path) {
    let shadow = planter.secret("sha512", "shadow");
    let pgpass = planter.secret("word", "pgpass");
    fs::write(
        dir.join("nodes/n1/files.txt"),
        format!("root:{shadow}:19000:0:99999:7:::\ndb.shop.svc:5432:shop:app:{pgpass}\n"),
    )
    .unwrap();
    let mut journal = String::new();
    for (shape, form, text) in [
        ("journal", "word", "curl -u admin:@@ http://x"),
        ("journal, kubelet", "alnum", "E0714 pull failed: token=@@"),
    ] {
        let value = planter.secret(form, shape);
        let line = json!({"__REALTIME_TIMESTAMP": "1784000000000000", "MESSAGE": text.replace("@@", &value), "_CMDLINE": "/usr/bin/x"});
        journal.push_str(&format!("{line}\n"));
    }
    let value = planter.secret("word", "journal, bytes");
    let bytes: Vec<u8> = format!("\u{1b}[1mDB_PASSWORD={value}\u{1b}[0m").into_bytes();
    journal.push_str(&format!(
        "{}\n",
        json!({"__REALTIME_TIMESTAMP": "1784000000000001", "MESSAGE": bytes})
    ));
    fs::write(dir.join("nodes/n1/journal.json"), journal).unwrap();
    let value = planter.secret("alnum", "manifest");
    fs::write(
        dir.join("manifest.jsonl"),
        format!("{}\n", json!({"argv": ["kubectl", "get", "pods", "--token", value], "file": "cluster/pods.yaml", "start": "2026-07-14T02:50:07Z", "end": "2026-07-14T02:50:08Z", "exit": 0, "bytes": 1, "truncated": false, "stderr": ""})),
    )
    .unwrap();
}
