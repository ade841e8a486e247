"""Invented secrets in every shape, for tests/collector/run.sh.

plant DIR     writes text.log, objects.yaml and configmaps.yaml, and in secrets.txt and
              harmless.txt what of them must not and what must survive the mask
check DIR BUNDLE...   fails if a planted secret is in a file of BUNDLE, or a harmless line is not
"""

import base64
import os
import random
import string
import sys

LETTERS = string.ascii_letters + string.digits
KEYS = [
    "password", "PASSWORD", "db_password", "dbPassword", "DB_PASSWD", "passphrase", "pwd", "PGPASS",
    "secret", "client_secret", "clientSecret", "token", "access_token", "accessToken", "API_KEY",
    "apiKey", "api-key", "x-api-key", "aws_secret_access_key", "private_key_passphrase",
    "AccountKey", "SharedAccessKey", "signing_key", "credentials", "connection_string",
]
SHAPES = [
    "{time} connecting with {key}={value}",
    "{time} {key}: {value}",
    "{time} {key} = \"{value}\" and more",
    "{time} '{key}': '{value}', 'a': 'b'",
    "{{\"level\":\"info\",\"{key}\":\"{value}\",\"user\":\"app\"}}",
    "{{\"log\":\"{{\\\"{key}\\\":\\\"{value}\\\"}}\\n\",\"stream\":\"stdout\"}}",
]
KNOWN = [
    ("AKIA", 16, string.ascii_uppercase + string.digits), ("ASIA", 16, string.ascii_uppercase + string.digits),
    ("ghp_", 36, LETTERS), ("gho_", 36, LETTERS), ("github_pat_", 40, LETTERS), ("glpat-", 20, LETTERS),
    ("xoxb-", 40, LETTERS), ("xoxp-", 40, LETTERS), ("AIza", 35, LETTERS), ("ya29.", 40, LETTERS),
    ("sk_live_", 24, LETTERS), ("rk_live_", 24, LETTERS), ("sk-", 40, LETTERS), ("npm_", 36, LETTERS),
    ("SG.", 60, LETTERS), ("dop_v1_", 64, "0123456789abcdef"), ("hvs.", 40, LETTERS), ("pypi-", 50, LETTERS),
    ("dckr_pat_", 27, LETTERS), ("whsec_", 32, LETTERS), ("$2y$10$", 53, LETTERS), ("$6$", 60, LETTERS),
]
HARMLESS = [
    "2026-07-14T02:50:00Z Unexpected token: found } in JSON at position 17",
    "2026-07-14T02:50:00Z secret \"db-credentials\" not found",
    "2026-07-14T02:50:00Z secrets \"db\" is forbidden: User \"x\" cannot list resource \"secrets\"",
    "2026-07-14T02:50:00Z max_tokens: 4096 prompt_tokens=120 tokens=77",
    "2026-07-14T02:50:00Z password authentication failed for user \"app\"",
    "2026-07-14T02:50:00Z the token has expired and was refreshed",
    "2026-07-14T02:50:00Z token: expired",
    "2026-07-14T02:50:00Z password=$(DB_PASSWORD) token=${TOKEN} secret={{ .Values.secret }}",
    "2026-07-14T02:50:00Z password=***** token=<nil> apiKey=null",
    "2026-07-14T02:50:00Z GET http://web:8080/@scope/package 200",
    "2026-07-14T02:50:00Z postgres://db:5432/app?sslmode=disable",
    "2026-07-14T02:50:00Z bypass: 3 compass=north author: jane monkey=5 hotkey: f5",
    "2026-07-14T02:50:00Z sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "2026-07-14T02:50:00Z pod=payment-7d9f8b6c5d-x2k9m uid=5fe9685d-db81-4ee0-b4e1-4b6fbbd39f85",
    "2026-07-14T02:50:00Z event web-01.17a2b3c4d5e6f708 reason=BackOff",
    "2026-07-14T02:50:00Z running as -u 1000:1000 with http",
    "2026-07-14T02:50:00Z -----BEGIN CERTIFICATE-----",
    "2026-07-14T02:50:00Z MIIBhTCCASugAwIBAgIQIRi6zePL6mKjOipn",
    "2026-07-14T02:50:00Z tokenExpirationSeconds: 3607 secretName: web-tls passwordFile=/run/x",
    "2026-07-14T02:50:00Z container exit 137 reason=OOMKilled restarts=12",
    "2026-07-14T02:50:00Z dial tcp 10.0.0.12:5432: connect: connection refused",
    "2026-07-14T02:50:00Z lookup db.shop.svc.cluster.local on 10.96.0.10:53: no such host",
]


class Planter:
    def __init__(self):
        self.random = random.Random(7)
        self.secrets = []

    def some(self, count=20, alphabet=LETTERS, lead=""):
        value = lead + "".join(self.random.choice(alphabet) for _ in range(count))
        self.secrets.append(value)
        return value


def text(plant):
    lines = []
    for index, key in enumerate(KEYS):
        for shape in SHAPES:
            lines.append(shape.format(time="2026-07-14T02:50:00Z", key=key, value=plant.some(8 + index)))
    for lead, count, alphabet in KNOWN:
        lines.append("2026-07-14T02:50:00Z using " + plant.some(count, alphabet, lead) + " now")
        lines.append("{\"msg\":\"sent " + plant.some(count, alphabet, lead) + "\"}")
    for scheme in ["postgres", "mysql", "redis", "amqp", "mongodb+srv", "https", "ftp", "ldap"]:
        lines.append("2026-07-14T02:50:00Z dial %s://app:%s@db.shop:5432/x?a=b failed" % (scheme, plant.some()))
        lines.append("2026-07-14T02:50:00Z {\"url\":\"%s://:%s@cache:6379\"}" % (scheme, plant.some()))
    encode = lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")
    for _ in range(10):
        token = "%s.%s.%s" % (encode(b'{"alg":"RS256","n":"%d"}' % plant.random.getrandbits(40)),
                              encode(b'{"sub":"system:serviceaccount:%d"}' % plant.random.getrandbits(60)), plant.some(43))
        plant.secrets.append(token)
        lines.append("2026-07-14T02:50:00Z got " + token)
    for header in ["Authorization: Bearer %s", "authorization: Basic %s", "\"Authorization\":[\"Bearer %s\"]",
                   "Proxy-Authorization: Basic %s", "Set-Cookie: sid=%s; Path=/", "Cookie: a=b; session=%s",
                   "curl -H 'X-Api-Key: %s' https://x", "curl -u admin:%s https://x", "curl --user admin:%s http://x",
                   "machine x login joe password %s port", "CREATE USER app IDENTIFIED BY '%s'",
                   "ALTER ROLE app WITH PASSWORD '%s'", "requirepass %s", "app:%s@tcp(db:3306)/x",
                   "run --password %s --verbose", "run --token=%s -v", "[\"--client-secret\",\"%s\"]",
                   "POST https://hooks.slack.com/services/%s", "GET /x?sig=%s&a=b", "GET /x?access_token=%s HTTP/1.1",
                   "GET /o?X-Amz-Signature=%s", "Server=db;User Id=sa;Password=%s;Encrypt=true",
                   "DefaultEndpointsProtocol=https;AccountKey=%s;EndpointSuffix=x", "host=db user=app password=%s sslmode=off",
                   "{\"auths\":{\"r.example\":{\"auth\":\"%s\"}}}", "using bearer %s",
                   "{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"%s\"}]}",
                   "\"{\\\"name\\\":\\\"API_TOKEN\\\",\\\"value\\\":\\\"%s\\\"}\""]:
        lines.append("2026-07-14T02:50:00Z " + header % plant.some(24))
    for kind in ["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]:
        body = [plant.some(64) for _ in range(5)] + [plant.some(19) + "="]
        pem = ["-----BEGIN %s-----" % kind] + body + ["-----END %s-----" % kind]
        lines += ["2026-07-14T02:50:00Z " + line for line in pem]
        inline = ["-----BEGIN %s-----" % kind, plant.some(64), plant.some(64), "-----END %s-----" % kind]
        lines.append("{\"key\":\"" + "\\n".join(inline) + "\\n\",\"after\":\"kept\"}")
    # In the middle of a very long line.
    lines.append("x, " * 4000 + "password=" + plant.some() + ", y" * 4000)
    return lines + HARMLESS


def objects(plant):
    out = ["apiVersion: v1", "items:", "- apiVersion: apps/v1", "  kind: Deployment", "  metadata:", "    annotations:",
           "      kubectl.kubernetes.io/last-applied-configuration: |",
           "        {\"spec\":{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"%s\"},{\"name\":\"MODE\",\"value\":\"keep-me\"}]}}" % plant.some(),
           "    name: web", "    namespace: shop", "  spec:", "    template:", "      spec:", "        containers:",
           "        - args:", "          - --password=" + plant.some(), "          - --token", "          - " + plant.some(),
           "          - --level=debug", "          env:"]
    for key in KEYS:
        out += ["          - name: " + key, "            value: " + plant.some()]
        out += ["          - name: X_" + key, "            value: '%s'" % plant.some()]
    out += ["          - name: TLS_PRIVATE_KEY", "            value: |-", "              -----BEGIN PRIVATE KEY-----",
            "              " + plant.some(64), "              -----END PRIVATE KEY-----",
            "          - name: LONG_PASSWORD", "            value: " + plant.some(), "              " + plant.some(),
            "          - name: DATABASE_URL", "            value: postgres://app:%s@db:5432/x" % plant.some(),
            "          - name: MODE", "            value: production-mode", "          - name: FROM_SECRET",
            "            valueFrom:", "              secretKeyRef:", "                key: password", "                name: db-credentials",
            "          image: registry.example/web:1.2.3", "        automountServiceAccountToken: true",
            "        volumes:", "        - name: tls", "          secret:", "            secretName: web-tls",
            "kind: List"]
    return out


def configmaps(plant):
    out = ["apiVersion: v1", "items:", "- apiVersion: v1", "  data:", "    app.properties: |"]
    for key in KEYS:
        out.append("      spring.datasource.%s=%s" % (key, plant.some()))
    out += ["      server.port=8080", "    config.yaml: |", "      database:", "        host: db.shop.svc"]
    for key in KEYS:
        out.append("        %s: %s" % (key, plant.some()))
    out += ["    password: " + plant.some(), "    Corefile: |", "      .:53 {", "        forward . /etc/resolv.conf", "      }",
            "  kind: ConfigMap", "  metadata:", "    name: settings", "    namespace: shop", "kind: List"]
    return out


KEPT = ["keep-me", "--level=debug", "production-mode", "key: password", "name: db-credentials", "registry.example/web:1.2.3",
        "automountServiceAccountToken: true", "secretName: web-tls", "server.port=8080", "host: db.shop.svc",
        "forward . /etc/resolv.conf", "name: settings", "\"after\":\"kept\""]


def main():
    command, directory, *bundles = sys.argv[1:]
    if command == "plant":
        plant = Planter()
        os.makedirs(directory, exist_ok=True)
        for name, make in [("text.log", text), ("objects.yaml", objects), ("configmaps.yaml", configmaps)]:
            with open(os.path.join(directory, name), "w") as out:
                out.write("\n".join(make(plant)) + "\n")
        with open(os.path.join(directory, "secrets.txt"), "w") as out:
            out.write("\n".join(plant.secrets) + "\n")
        return
    with open(os.path.join(directory, "secrets.txt")) as lines:
        secrets = lines.read().split()
    found = b""
    for bundle in bundles:
        for base, _, names in os.walk(bundle):
            for name in names:
                with open(os.path.join(base, name), "rb") as file:
                    found += file.read() + b"\n"
    assert len(found) > 10000, "there is next to nothing to look at"
    bad = ["survived: " + secret for secret in secrets if secret.encode() in found]
    bad += ["lost: " + line for line in HARMLESS + KEPT if line.encode() not in found]
    assert len(secrets) >= 200
    print("%d secrets, %d bad" % (len(secrets), len(bad)))
    print("\n".join(bad[:60]))
    sys.exit(1 if bad else 0)


main()
