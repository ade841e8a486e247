#!/bin/sh
# collect.sh - capture one Kubernetes cluster into a coldcase bundle.
#
# Responsible for: asking the API server, through kubectl and without changing
# anything, for what an incident leaves behind; for asking in the order in which
# it perishes; and for writing down each command that ran together with how it
# ended, so that "not there" and "not collected" stay apart.
# The layout it writes is described in docs/bundle-format.md.
#
# Secret values are never written; what looks like a secret in logs, environment
# values and ConfigMaps is masked before it reaches the disk (see REDACT).
#
# Not responsible for: judging what it finds, and files of the nodes themselves,
# which are the business of collect-node.sh.
#
# POSIX sh.  Needs kubectl, awk, date, dd, df, mkdir, mv, od, rm, rmdir, sed, sort,
# tr and wc; tar and gzip only to pack the result.

set -u
umask 077
# Byte-wise tools, [a-z] that means ASCII, and kubectl's messages in English.
LC_ALL=C
export LC_ALL

COLLECTOR_VERSION='0.1.0'

# ---------------------------------------------------------------- what is asked

# Events, pods, Secrets and namespaces are asked for by name further down.
# Namespaced resources that every supported API server has.
NAMESPACED='deployments replicasets statefulsets daemonsets jobs cronjobs
replicationcontrollers services endpointslices endpoints ingresses
networkpolicies persistentvolumeclaims configmaps serviceaccounts
resourcequotas limitranges horizontalpodautoscalers poddisruptionbudgets leases
controllerrevisions roles rolebindings'

# Cluster-scoped resources that every supported API server has.
CLUSTER_SCOPED='nodes persistentvolumes storageclasses volumeattachments
csidrivers csinodes ingressclasses priorityclasses runtimeclasses
validatingwebhookconfigurations mutatingwebhookconfigurations apiservices
customresourcedefinitions certificatesigningrequests clusterroles
clusterrolebindings'

# May be absent: the API server is too old for them or the add-on that brings
# them is not installed.  Their absence is recorded but is no failure.
OPTIONAL_NAMESPACED='gateways.gateway.networking.k8s.io
httproutes.gateway.networking.k8s.io grpcroutes.gateway.networking.k8s.io
referencegrants.gateway.networking.k8s.io resourceclaims.resource.k8s.io'

OPTIONAL_CLUSTER_SCOPED='validatingadmissionpolicies
validatingadmissionpolicybindings gatewayclasses.gateway.networking.k8s.io
resourceslices.resource.k8s.io nodepools.karpenter.sh nodeclaims.karpenter.sh'

# So many of them on a large cluster that they are asked for namespace by namespace.
LONG_LISTS='events events.events.k8s.io pods replicasets endpointslices endpoints configmaps
controllerrevisions leases jobs'

# Both templates quote each value with %q, so that no value can begin a line or
# a field, and end with a line E: output without it is incomplete.

# One line per pod and one per container status (init, ordinary, ephemeral).
# shellcheck disable=SC2016 # $x belongs to the template
CONTAINERS_TEMPLATE='{{define "c"}}C{{"\t"}}{{printf "%q" .name}}{{"\t"}}{{with .restartCount}}{{.}}{{else}}0{{end}}{{"\t"}}{{with .state}}{{if .waiting}}waiting{{else if .running}}running{{else if .terminated}}terminated{{else}}unknown{{end}}{{else}}unknown{{end}}{{"\t"}}{{with .state}}{{with .terminated}}{{with .exitCode}}{{.}}{{else}}0{{end}}{{else}}-{{end}}{{else}}-{{end}}{{"\t"}}{{if .ready}}ready{{else}}unready{{end}}{{"\t"}}{{with .lastState}}{{if .terminated}}last{{else}}first{{end}}{{else}}first{{end}}{{"\n"}}{{end}}{{range $p := .items}}P{{"\t"}}{{with $p.metadata}}{{printf "%q" .namespace}}{{"\t"}}{{printf "%q" .name}}{{end}}{{"\t"}}{{with $p.spec}}{{with .nodeName}}{{printf "%q" .}}{{else}}-{{end}}{{else}}-{{end}}{{"\t"}}{{with $p.status}}{{with .phase}}{{printf "%q" .}}{{else}}-{{end}}{{else}}-{{end}}{{"\n"}}{{with $p.status}}{{range $s := .initContainerStatuses}}{{template "c" $s}}{{end}}{{range $s := .containerStatuses}}{{template "c" $s}}{{end}}{{range $s := .ephemeralContainerStatuses}}{{template "c" $s}}{{end}}{{end}}{{end}}E{{"\n"}}'

# Name, type, who wrote it when, key names and sizes of each Secret, and of a TLS Secret the
# certificate that its server shows to everybody.  $v is bound, never printed.
# shellcheck disable=SC2016 # $k belongs to the template
SECRETS_TEMPLATE='{{range $s := .items}}S{{"\t"}}{{printf "%q" $s.metadata.namespace}}{{"\t"}}{{printf "%q" $s.metadata.name}}{{"\t"}}{{with $s.type}}{{printf "%q" .}}{{else}}""{{end}}{{"\n"}}{{with $s.metadata.creationTimestamp}}N{{"\t"}}{{printf "%q" .}}{{"\n"}}{{end}}{{range $m := $s.metadata.managedFields}}{{with $m.time}}M{{"\t"}}{{with $m.manager}}{{printf "%q" .}}{{else}}""{{end}}{{"\t"}}{{with $m.operation}}{{printf "%q" .}}{{else}}""{{end}}{{"\t"}}{{printf "%q" .}}{{"\n"}}{{end}}{{end}}{{range $k, $v := $s.data}}K{{"\t"}}{{printf "%q" $k}}{{"\t"}}{{len $v}}{{"\n"}}{{end}}{{with $s.type}}{{if eq . "kubernetes.io/tls"}}{{with $s.data}}{{with index . "tls.crt"}}T{{"\t"}}{{printf "%q" .}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}{{end}}E{{"\n"}}'

# The same of each ConfigMap.
# shellcheck disable=SC2016 # $k belongs to the template
CONFIGMAPS_TEMPLATE='{{range $s := .items}}S{{"\t"}}{{printf "%q" $s.metadata.namespace}}{{"\t"}}{{printf "%q" $s.metadata.name}}{{"\t"}}""{{"\n"}}{{with $s.metadata.creationTimestamp}}N{{"\t"}}{{printf "%q" .}}{{"\n"}}{{end}}{{range $m := $s.metadata.managedFields}}{{with $m.time}}M{{"\t"}}{{with $m.manager}}{{printf "%q" .}}{{else}}""{{end}}{{"\t"}}{{with $m.operation}}{{printf "%q" .}}{{else}}""{{end}}{{"\t"}}{{printf "%q" .}}{{"\n"}}{{end}}{{end}}{{range $k, $v := $s.data}}K{{"\t"}}{{printf "%q" $k}}{{"\n"}}{{end}}{{range $k, $v := $s.binaryData}}K{{"\t"}}{{printf "%q" $k}}{{"\n"}}{{end}}{{end}}E{{"\n"}}'

# ---------------------------------------------------------------------- options

usage() {
    cat <<'USAGE'
Usage: collect.sh [options]

Captures a cluster, read-only, into a bundle for `coldcase analyze`.

  -o DIR                 bundle directory (default coldcase-bundle-<UTC time>)
  -n NS                  only this namespace; may be given more than once.
                         Cluster-scoped resources are still asked for
      --since DURATION   how far back the log of a running container goes
                         (default 24h; 0 = no limit). Logs of ended containers
                         are limited by --tail and --limit-bytes alone
      --tail N           last N lines of each log (default 5000)
      --limit-bytes N    at most N bytes of each log (default 10485760)
      --no-logs          no container logs
      --also KIND        this resource, too, such as certificates.cert-manager.io;
                         may be given more than once
      --only KIND        of all resources only this, besides events, pods and the
                         names of Secrets; may be given more than once
      --no-configmap-data
                         of ConfigMaps only names and keys
      --no-mask          do not mask what looks like a secret in logs, environment
                         values and ConfigMaps
      --chunk-size N     objects per answer of the API server (default 500)
      --at-once N        logs asked for at once, 1 to 9 (default 3); of a node that
                         has not answered yet only one
      --big N            from N pods on, ask for long lists namespace by namespace
                         (default 2000)
      --max-bytes N      stop asking when the bundle holds N bytes (default
                         2147483648)
      --max-time N       stop asking after N seconds (default 3600)
      --min-free N       kilobytes to leave free on the disk (default 262144)
      --node-logs        kubelet's journal through the kubelet itself, where the
                         cluster allows it (feature NodeLogQuery)
      --nodes-ssh FILE   run collect-node.sh over ssh on each host of FILE, one
                         "host [node-name]" a line
      --node-debug NODE  run collect-node.sh in a debug pod on NODE. THIS CHANGES
                         THE CLUSTER: it creates a privileged pod and deletes it.
                         May be given more than once
      --debug-image IMG  image of that pod (default busybox:1.36)
      --dry-run          print every command, run none
      --no-archive       leave the directory, write no .tar.gz
      --context NAME     kubectl context
      --kubeconfig FILE  kubectl configuration
      --request-timeout DURATION
                         time limit of each API request (default 30s)
  -v                     report progress even if stderr is no terminal
  -h, --help             this text
      --version          version

Exit status: 0 everything was collected, 1 some of it was not (listed on
stderr and in manifest.jsonl), 2 nothing was collected or wrong usage.
USAGE
}

die() {
    printf 'collect.sh: %s\n' "$1" >&2
    exit 2
}

# Go durations as kubectl takes them, and 0.
valid_duration() {
    case $1 in
        0) return 0 ;;
        '' | *[!0-9hms.]* | [!0-9]* | *[!hms]) return 1 ;;
    esac
}

# >>> the same in collect.sh and collect-node.sh
valid_count() {
    case $1 in
        '' | 0* | *[!0-9]*) return 1 ;;
    esac
}
# <<<

# DNS-1123 label: namespaces and containers.
valid_label() {
    case $1 in
        '' | -* | *- | *[!a-z0-9-]*) return 1 ;;
    esac
    [ "${#1}" -le 63 ]
}

# DNS-1123 subdomain: pods.
valid_subdomain() {
    case $1 in
        '' | -* | *- | .* | *. | *..* | *[!a-z0-9.-]*) return 1 ;;
    esac
    [ "${#1}" -le 253 ]
}

out=''
namespaces=''
since='24h'
tail_lines='5000'
limit_bytes='10485760'
want_logs=1
also=''
only_kinds=''
want_configmap_data=1
want_mask=1
want_node_logs=''
chunk_size=500
at_once=3
big=2000
max_bytes=2147483648
max_time=3600
min_free=262144
nodes_ssh=''
debug_nodes=''
debug_image='busybox:1.36'
dry_run=''
want_archive=1
context=''
kubeconfig=''
request_timeout='30s'
verbose=''
[ -t 2 ] && verbose=1

while [ "$#" -gt 0 ]; do
    option=$1
    shift
    case $option in
        --no-logs) want_logs='' ; continue ;;
        --no-configmap-data) want_configmap_data='' ; continue ;;
        --no-mask) want_mask='' ; continue ;;
        --node-logs) want_node_logs=1 ; continue ;;
        --dry-run) dry_run=1 ; continue ;;
        --no-archive) want_archive='' ; continue ;;
        -v) verbose=1 ; continue ;;
        -h | --help) usage ; exit 0 ;;
        --version) printf 'collect.sh %s\n' "$COLLECTOR_VERSION" ; exit 0 ;;
        --*=*)
            value=${option#*=}
            option=${option%%=*}
            ;;
        -o | -n | --since | --tail | --limit-bytes | --context | --kubeconfig | --request-timeout | \
            --chunk-size | --at-once | --big | --max-bytes | --max-time | --min-free | --nodes-ssh | --node-debug | --debug-image | --also | --only)
            [ "$#" -gt 0 ] || die "$option needs a value"
            value=$1
            shift
            ;;
        *) die "unknown argument: $option (see --help)" ;;
    esac
    [ -n "$value" ] || die "$option needs a value"
    case $option in
        -o) out=$value ;;
        -n)
            valid_label "$value" || die "not a namespace name: $value"
            case " $namespaces " in
                *" $value "*) ;;
                *) namespaces="$namespaces $value" ;;
            esac
            ;;
        --since)
            valid_duration "$value" || die "--since wants a duration such as 90m or 24h: $value"
            since=$value
            ;;
        --tail)
            valid_count "$value" || die "--tail wants a positive number: $value"
            tail_lines=$value
            ;;
        --limit-bytes)
            valid_count "$value" || die "--limit-bytes wants a positive number: $value"
            limit_bytes=$value
            ;;
        --chunk-size | --big | --max-bytes | --max-time | --min-free)
            valid_count "$value" || die "$option wants a positive number: $value"
            case $option in
                --chunk-size) chunk_size=$value ;;
                --big) big=$value ;;
                --max-bytes) max_bytes=$value ;;
                --max-time) max_time=$value ;;
                *) min_free=$value ;;
            esac
            ;;
        --at-once)
            case $value in
                [1-9]) at_once=$value ;;
                *) die "--at-once wants a number from 1 to 9: $value" ;;
            esac
            ;;
        --also | --only)
            valid_subdomain "$value" || die "not the name of a resource: $value"
            # The names that kubectl takes for them.
            case $value in
                secret | secrets | secret.* | secrets.*) die "$option: Secrets are asked for by name only, always" ;;
                configmap | configmaps | cm) value=configmaps ;;
            esac
            case $option in
                --also) also="$also $value" ;;
                *) only_kinds="$only_kinds $value" ;;
            esac
            ;;
        --nodes-ssh)
            [ -r "$value" ] || die "cannot read $value"
            nodes_ssh=$value
            ;;
        --node-debug)
            valid_subdomain "$value" || die "not a node's name: $value"
            debug_nodes="$debug_nodes $value"
            ;;
        --debug-image)
            case $value in
                -* | *[!A-Za-z0-9._:/@-]*) die "not an image: $value" ;;
            esac
            debug_image=$value
            ;;
        --context) context=$value ;;
        --kubeconfig) kubeconfig=$value ;;
        --request-timeout)
            valid_duration "$value" || die "--request-timeout wants a duration such as 30s: $value"
            request_timeout=$value
            ;;
        *) die "unknown argument: $option (see --help)" ;;
    esac
done

if [ -n "$only_kinds" ]; then
    NAMESPACED=$only_kinds CLUSTER_SCOPED='' OPTIONAL_NAMESPACED='' OPTIONAL_CLUSTER_SCOPED=''
fi
OPTIONAL_NAMESPACED="$OPTIONAL_NAMESPACED$also"

# collect-node.sh lies beside this script.
node_script=${0%/*}/collect-node.sh
[ "$node_script" != "$0/collect-node.sh" ] || node_script=./collect-node.sh
if [ -n "$nodes_ssh$debug_nodes" ] && [ ! -r "$node_script" ]; then
    die "collect-node.sh is not beside this script: $node_script"
fi

[ -n "$dry_run" ] || command -v kubectl >/dev/null 2>&1 || die 'kubectl is not in PATH'
# Before 1.21 kubectl always printed managed fields and had no flag for it.
fields=
case $(kubectl get --help 2>/dev/null) in
    *--show-managed-fields*) fields=--show-managed-fields ;;
esac

[ -n "$out" ] || out=coldcase-bundle-$(date -u +%Y%m%dT%H%M%SZ)
while :; do
    case $out in
        */) out=${out%/} ;;
        *) break ;;
    esac
done
case ${out##*/} in
    '' | . | .. | -*) die "not a usable name for the bundle directory: $out" ;;
esac
case $out in
    /*) bundle=$out ;;
    *) bundle=./$out ;;
esac
if [ -e "$bundle" ]; then
    [ -d "$bundle" ] || die "exists and is no directory: $out"
    [ -z "$(ls -A "$bundle")" ] || die "exists and is not empty: $out"
fi
if [ -n "$want_archive" ]; then
    for existing in "$bundle.tar" "$bundle.tar.gz"; do
        [ ! -e "$existing" ] || die "exists already: $existing"
    done
fi
tmp=$bundle/.collecting
manifest=$bundle/manifest.jsonl
redactions=$bundle/redaction.txt
# The name of the signal that ended the capture, for those who wait for a log.
signalled=$tmp/signal
if [ -z "$dry_run" ]; then
    if ! mkdir -p "$bundle/cluster" "$tmp" || ! true >"$manifest"; then
        die "cannot write to $out"
    fi
fi
deadline=$(($(date +%s) + max_time))

# ------------------------------------------------------------------------ tools

# >>> the same in collect.sh and collect-node.sh
say() {
    [ -z "$verbose" ] || printf '%s\n' "$1" >&2
}

# A terminal's Ctrl-C reaches every foreground child as well; what writes the
# record has to outlive it, hence the trap in each of these subshells.
now() (
    trap '' INT TERM HUP
    date -u +%Y-%m-%dT%H:%M:%SZ
)

# shown WORDS...: the words so that a shell reads them back.
shown() {
    for word in "$@"; do
        case $word in
            '' | *[!A-Za-z0-9_./:=@%+,-]*)
                printf "'%s' " "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"
                ;;
            *) printf '%s ' "$word" ;;
        esac
    done
    printf '\n'
}

# Reads `od -An -v -tx1`, knows nothing of locales, and writes ASCII only: the
# bytes are decoded as UTF-8, and what is not UTF-8 becomes U+FFFD.
# With mode=yaml it writes one quoted string.  With mode=line the input is argc
# strings that end in NUL, the first of them the file name, and then stderr.
# shellcheck disable=SC2016 # an awk program
ESCAPE='
function hex(s) {
    return (index(DIGITS, substr(s, 1, 1)) - 1) * 16 + index(DIGITS, substr(s, 2, 1)) - 1
}
function put(c) {
    if (c == 34) text = text "\\\""
    else if (c == 92) text = text "\\\\"
    else if (c == 10) text = text "\\n"
    else if (c == 9) text = text "\\t"
    else if (c == 13) text = text "\\r"
    else if (c >= 32 && c < 127) text = text sprintf("%c", c)
    else if (c < 65536) text = text sprintf("\\u%04x", c)
    else if (mode == "yaml") text = text sprintf("\\U%08x", c)
    else {
        c -= 65536
        text = text sprintf("\\u%04x\\u%04x", 55296 + int(c / 1024), 56320 + c % 1024)
    }
}
function byte(b) {
    if (need > 0) {
        if (b >= 128 && b < 192) {
            code = code * 64 + b - 128
            if (--need == 0) {
                if (code < least || code > 1114111 || (code >= 55296 && code < 57344)) code = 65533
                put(code)
            }
            return
        }
        put(65533)
        need = 0
    }
    if (b < 128) put(b)
    else if (b >= 194 && b < 224) { need = 1; code = b - 192; least = 128 }
    else if (b >= 224 && b < 240) { need = 2; code = b - 224; least = 2048 }
    else if (b >= 240 && b < 245) { need = 3; code = b - 240; least = 65536 }
    else put(65533)
}
function flush() {
    if (need > 0) put(65533)
    need = 0
    strings[count++] = "\"" text "\""
    text = ""
}
BEGIN { DIGITS = "0123456789abcdef"; need = 0; count = 0; text = "" }
{
    for (i = 1; i <= NF; i++) {
        b = hex($i)
        if (mode == "line" && b == 0 && count < argc) flush()
        else byte(b)
    }
}
END {
    flush()
    if (mode == "yaml") { print strings[0]; exit }
    line = "{\"argv\":["
    for (i = 1; i < argc; i++) line = line (i > 1 ? "," : "") strings[i]
    print line "],\"file\":" strings[0] ",\"start\":\"" started "\",\"end\":\"" ended \
        "\",\"exit\":" status ",\"bytes\":" bytes ",\"truncated\":" truncated \
        ",\"stderr\":" strings[argc] "}"
}'

# record FILE START END EXIT BYTES TRUNCATED ARGV...: one manifest line; stderr
# is what lies in $tmp/err.
record() (
    trap '' INT TERM HUP
    file=$1 started=$2 ended=$3 status=$4 bytes=$5 truncated=$6
    shift 6
    {
        printf '%s\000' "$file" "$@"
        dd if="$tmp/err" bs=2048 count=1 2>/dev/null
    } | od -An -v -tx1 | awk -v mode=line -v argc="$(($# + 1))" -v started="$started" \
        -v ended="$ended" -v status="$status" -v bytes="$bytes" \
        -v truncated="$truncated" "$ESCAPE" >>"$manifest"
)

tab=$(printf '\t')

# The mask between a command and the disk: passwords, tokens, keys and connection
# strings become <masked:KIND>.  form=yaml knows kubectl's YAML (a value may go on
# over many lines; an env entry has its name before its value).  It ends with a
# line R of what it read and wrote into `report`; without one the output is thrown
# away.  No interval expressions: mawk has none.
# shellcheck disable=SC2016 # an awk program
REDACT='
function hit(kind) { count[kind]++; total++; return "<masked:" kind ">" }
# Values that keep no secret: nothing, a word of state, a reference, a mask.
function idle(v) {
    v = tolower(v)
    sub(/^["\047]/, "", v); sub(/["\047]$/, "", v)
    return v == "" || v ~ /^(true|false|null|nil|none|undefined|unset|empty|yes|no|on|off|enabled|disabled|basic|bearer|oidc|ldap|\{\}|\[\]|~|-)$/ ||
        v ~ /^[*x.#]+$/ || v ~ /^<[^<>]*>?$/ || v ~ /^\$[({]/ || v ~ /^\{\{/ || v ~ /^%[a-z]$/ ||
        v ~ /^\[?(redacted|masked|hidden|filtered|removed)\]?$/
}
function prose(v) {
    return v ~ /^(a|an|and|are|as|at|authentication|by|can|cannot|contains|could|does|error|expected|expired|failed|failure|flag|for|found|from|has|have|if|in|incorrect|instead|invalid|is|key|length|malformed|may|mismatch|missing|must|no|not|of|option|or|rejected|required|requires|revoked|should|unexpected|unknown|unset|until|updated|valid|was|when|will|with|wrong|to|the|this|authorized|unauthorized|denied|ok|changed|rotated|created|deleted|refreshed)$/
}
# Whether the name of a field promises a secret.
function sensitive(k,   low) {
    low = tolower(k)
    if (match(low, STRONG "$")) return 1
    return match(low, WEAK "$") && edge(k, RSTART)
}
# Whether a word begins at byte n of k.
function edge(k, n) {
    return n == 1 || substr(k, n - 1, 1) !~ /[A-Za-z]/ ||
        (substr(k, n - 1, 1) ~ /[a-z]/ && substr(k, n, 1) ~ /[A-Z]/)
}
# Length of the value at the start of s; sets QUOTE to what opens it.
function value_length(s,   from, at, q) {
    QUOTE = ""
    if (match(s, /^\\*["\047]/)) {
        QUOTE = substr(s, 1, RLENGTH)
        q = substr(QUOTE, RLENGTH)
        from = RLENGTH + 1
        for (;;) {
            at = index(substr(s, from), QUOTE)
            if (!at) return length(s) - length(QUOTE)
            at += from - 1
            if (at > 1 && substr(s, at - 1, 1) == "\\" && q == "\"") { from = at + 1; continue }
            return at - length(QUOTE) - 1
        }
    }
    if (match(s, /^[^] \t,;&"\047)}]+/)) return RLENGTH
    return 0
}
# key=value, key: value, "key":"value", --key value, in any text.
function pairs(line,   out, low, sep, word, n, v, ok, before, spaced) {
    out = ""
    low = tolower(line)
    while (match(low, PAIR)) {
        word = substr(low, RSTART, RLENGTH)
        before = out substr(line, 1, RSTART - 1)
        n = length(before)
        ok = 1
        if (word !~ ("^" STRONG)) ok = edge(substr(before, n) substr(line, RSTART, 1), n ? 2 : 1)
        out = before substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        low = substr(low, RSTART + RLENGTH)
        if (word ~ /^sig(nature)?[^a-z]/ && before !~ /[?&;-]$/) ok = 0
        if (!ok) continue
        spaced = word !~ /[:=>]/
        if (spaced && before !~ /(^|[ "\047=,\[])--?[A-Za-z0-9-]*$/) continue
        if (word ~ /cookie/) {
            n = value_length(line)
            if (QUOTE == "") n = match(line, /["\047]/) ? RSTART - 1 : length(line)
            else { out = out QUOTE; line = substr(line, length(QUOTE) + 1) }
            if (n > 0 && !idle(substr(line, 1, n))) { out = out hit("cookie"); line = substr(line, n + 1) }
            low = tolower(line)
            continue
        }
        if (match(low, /^\\*["\047]?(bearer|basic|token|digest|negotiate|apikey|aws4-hmac-sha256)[ ]+/)) {
            out = out substr(line, 1, RLENGTH)
            line = substr(line, RLENGTH + 1)
            if (word ~ /^(proxy-)?authorization/ && out !~ /[Bb]earer +$/) {
                n = match(line, /["\047\\]/) ? RSTART - 1 : length(line)
            } else n = value_length(line)
            v = substr(line, 1, n)
            if (n > 0 && !idle(v) && !prose(tolower(v))) { out = out hit("authorization"); line = substr(line, n + 1) }
            low = tolower(line)
            continue
        }
        n = value_length(line)
        v = substr(line, length(QUOTE) + 1, n)
        if (n > 0 && !idle(v) && !(QUOTE == "" && talk(word, v, substr(line, n + 1)))) {
            if (spaced && v ~ /^-/) continue
            out = out QUOTE (QUOTE == "" && word ~ /["]/ ? "\"" hit(label(word)) "\"" : hit(label(word)))
            line = substr(line, length(QUOTE) + n + 1)
            low = tolower(line)
        }
    }
    return out line
}
# Whether an unquoted value is but the next word of a sentence.
function talk(word, v, after,   low) {
    low = tolower(v)
    sub(/[.:!]+$/, "", low)
    if (word !~ /[:= \t]$/ || word ~ /[:=]$/) return 0
    if (prose(low)) return 1
    if (word ~ /:[ \t]+$/ && v ~ /^[a-z]+$/ && after ~ /^ [a-z]+( |$)/) return 1
    return word !~ /[:=]/ && after ~ /^ [a-z]+ [a-z]+/ && v ~ /^[a-z]+$/
}
function label(word) {
    if (word ~ /^(pass|pwd|requirepass|masterauth)/) return "password"
    if (word ~ /token/) return "token"
    if (word ~ /key/) return "key"
    return "secret"
}
# Each match of re, except its first `lead` pattern, is masked if it is long enough.
function mask(line, re, lead, kind, least,   out, m, n) {
    out = ""
    while (match(line, re)) {
        m = substr(line, RSTART, RLENGTH)
        out = out substr(line, 1, RSTART - 1)
        line = substr(line, RSTART + RLENGTH)
        n = 0
        if (lead != "" && match(m, lead)) n = RLENGTH
        v = substr(m, n + 1)
        end = ""
        if (kind == "url" || kind == "dsn") { match(v, /@(tcp\(|unix\()?$/); end = substr(v, RSTART); v = substr(v, 1, RSTART - 1) }
        if (length(v) < least || idle(v) || (m ~ /^(-u|--user)/ && v ~ /^[0-9]+$/)) out = out m
        else out = out substr(m, 1, n) hit(kind) end
    }
    return out line
}
function shapes(line) {
    if (index(line, "eyJ")) line = mask(line, "eyJ[A-Za-z0-9_-]+[.]eyJ[A-Za-z0-9_-]+[.][A-Za-z0-9_-]*", "", "jwt", 20)
    if (index(line, "://")) {
        line = mask(line, "://[^ \t/:@\"\047<>?]*:[^ \t/@\"\047<>]+@", "^://[^:]*:", "url", 1)
        if (line ~ /hooks\.slack\.com|webhooks\/|webhook\.office\.com/)
            line = mask(line, "(hooks[.]slack[.]com/(services|workflows)|/api/webhooks|webhook[.]office[.]com/webhookb2)/[A-Za-z0-9_/@.-]+", "^(hooks[.]slack[.]com/[a-z]*|/api/webhooks|webhook[.]office[.]com/webhookb2)/", "webhook", 8)
    }
    if (line ~ /@(tcp|unix)\(/) line = mask(line, "[A-Za-z0-9_.-]+:[^ \t\"\047]+@(tcp|unix)[(]", "^[^:]*:", "dsn", 1)
    if (line ~ KNOWN) {
        line = mask(line, "(AKIA|ASIA|AROA|AIDA)[A-Z0-9]+", "", "cloud-key", 20)
        line = mask(line, "(gh[pousr]_|github_pat_|glpat-|gldt-|xox[abeprs]-|xapp-|AIza|ya29[.]|[sr]k_(live|test)_|whsec_|sk-|npm_|SG[.]|dop_v1_|hv[sbr][.]|pypi-|dckr_pat_|shpat_|AGE-SECRET-KEY-|lin_api_|dapi)[A-Za-z0-9_.-]+", "", "token", 24)
        line = mask(line, "[$](2[abxy]|apr1|1|5|6|y)[$][./A-Za-z0-9$]+", "", "hash", 20)
    }
    if (line ~ /[Bb][Ee][Aa][Rr][Ee][Rr] /) line = mask(line, "[Bb][Ee][Aa][Rr][Ee][Rr] +[A-Za-z0-9_.~+/=-]+", "^[A-Za-z]+ +", "token", 16)
    if (line ~ /[Ii][Dd][Ee][Nn][Tt][Ii][Ff][Ii][Ee][Dd] +[Bb][Yy] |[Pp][Aa][Ss][Ss][Ww][Oo][Rr][Dd] +\047/)
        line = mask(line, "([Ii][Dd][Ee][Nn][Tt][Ii][Ff][Ii][Ee][Dd] +[Bb][Yy]|[Pp][Aa][Ss][Ss][Ww][Oo][Rr][Dd]) +\047[^\047]+", "^[A-Za-z ]+\047", "password", 1)
    if (line ~ / login [^ ]+ password /) line = mask(line, " login [^ ]+ password [^ \"\047]+", "^ login [^ ]+ password ", "password", 1)
    if (line ~ /(requirepass|masterauth) /) line = mask(line, "(requirepass|masterauth) +[^ \"\047]+", "^[a-z]+ +", "password", 1)
    if (line ~ /curl|wget|http/) {
        line = mask(line, "(-u|--user)[ =,\"\047\\\\]+[A-Za-z0-9_.@-]*:[^ \"\047\\\\]+", "^[^:]*:", "password", 1)
    }
    return line
}
# A private key: from BEGIN to END, or as far as the lines look like one.
function private_key(line,   out, at, rest) {
    out = ""
    if (inside) {
        if (match(line, /-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----/)) {
            inside = 0
            line = "<masked:private-key>" substr(line, RSTART + RLENGTH)
        } else {
            rest = line
            sub(/^[0-9TZ:.+-]+ (std(out|err) [FP] )?/, "", rest)
            if (rest ~ /^[ \t"\047>|]*[A-Za-z0-9+\/=]*[\\nr"\047, ]*$/ || rest ~ /^[ \t]*(Proc-Type|DEK-Info|Version|Comment):/) {
                match(line, /^[ \t]*([0-9][0-9][0-9][0-9]-[0-9TZ:.+-]+ )?/)
                return substr(line, 1, RLENGTH) "<masked:private-key>"
            }
            inside = 0
        }
    }
    while (match(line, /-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----/)) {
        out = out substr(line, 1, RSTART - 1) hit("private-key")
        line = substr(line, RSTART + RLENGTH)
        if (match(line, /-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----/)) line = substr(line, RSTART + RLENGTH)
        else { inside = 1; line = match(line, /["\047]/) ? substr(line, RSTART) : "" }
    }
    return out line
}
function text(line,   out, chunk, cut, tries) {
    if (inside || index(line, "PRIVATE KEY")) line = length(line) > 1048576 ? hit("long-line") : private_key(line)
    # The work grows with the square of the length, so a long line is taken in
    # pieces, cut where nothing near promises a secret.
    out = ""
    while (length(line) > 8192) {
        chunk = substr(line, 1, 8192)
        cut = 8192
        for (tries = 0; tries < 20 && cut > 4096; tries++) {
            cut -= 200
            if (match(substr(chunk, cut - 199, 200), /[, ][^, ]*$/)) cut += RSTART - 200
            else continue
            if (tolower(substr(line, cut - 400, 500)) !~ NEAR) break
        }
        if (tries == 20 || cut <= 4096) {
            # Nowhere to cut: all of it goes if there is anything like a secret.
            cut = 8192
            chunk = tolower(substr(line, 1, 8292)) ~ NEAR || chunk ~ KNOWN || index(chunk, "eyJ") ? hit("long-line") : chunk
            out = out chunk
        } else out = out pairs(envs(shapes(substr(line, 1, cut))))
        line = substr(line, cut + 1)
    }
    return out pairs(envs(shapes(line)))
}
# {"name":"DB_PASSWORD","value":"x"}, escaped or not.
function envs(line,   out, m, name, n, q) {
    if (line !~ /name\\*" *: *\\*"[^"]*\\*" *, *\\*"value/) return line
    out = ""
    while (match(line, /name\\*" *: *\\*"[^"\\]*\\*" *, *\\*"value\\*" *: *\\*"/)) {
        m = substr(line, RSTART, RLENGTH)
        out = out substr(line, 1, RSTART + RLENGTH - 1)
        line = substr(line, RSTART + RLENGTH)
        name = m
        sub(/^name\\*" *: *\\*"/, "", name)
        sub(/\\*".*/, "", name)
        if (!sensitive(name)) continue
        match(m, /\\*"$/)
        q = substr(m, RSTART)
        n = value_length(q line)
        if (n > 0 && !idle(substr(line, 1, n))) { out = out hit("env"); line = substr(line, n + 1) }
    }
    return out line
}
function put(line) { print line; written += length(line) + 1 }
function indent(line) { match(line, /^ */); return RLENGTH }
# One line of the YAML of kubectl.
function yaml(line,   depth, rest, key, colon, value) {
    depth = indent(line)
    if (skip >= 0) {
        if (line ~ /^ *$/ || depth > skip) return
        skip = -1
    }
    rest = substr(line, depth + 1)
    if (item >= 0) {
        if (depth == item && rest ~ /^- [^-]/ && !idle(substr(rest, 3))) {
            put(substr(line, 1, depth) "- " hit("argument"))
            item = -1
            skip = depth
            return
        }
        item = -1
    }
    if (rest ~ /^- ["\047]?--?[A-Za-z0-9-]+["\047]?$/) {
        key = rest
        gsub(/["\047]|^- --?/, "", key)
        if (sensitive(key)) item = depth
        put(line)
        return
    }
    while (rest ~ /^- /) { rest = substr(rest, 3); depth += 2 }
    if (!inside && match(rest, /^["\047]?[A-Za-z0-9_.\/-]+["\047]?:( |$)/)) {
        key = substr(rest, 1, RLENGTH)
        colon = RLENGTH
        sub(/: ?$/, "", key)
        gsub(/["\047]/, "", key)
        value = substr(rest, colon + 1)
        sub(/^ +/, "", value)
        if (key == "name") { env = sensitive(unquoted(value)) ? depth : -1 }
        else if (key == "value" && env == depth && value != "" && !idle(value)) {
            put(substr(line, 1, depth) "value: " hit("env"))
            skip = depth
            return
        }
        if (key != "name" && value != "" && sensitive(key) && !idle(value) && value !~ /^(secret:\/\/|vault:)/) {
            put(substr(line, 1, depth) substr(rest, 1, colon) hit(label(last_word(key))))
            skip = depth
            return
        }
    }
    put(text(line))
}
function unquoted(v) { gsub(/^["\047]|["\047]$/, "", v); return v }
function last_word(k) { k = tolower(k); return match(k, STRONG "$") ? substr(k, RSTART) : k }
BEGIN {
    STRONG = "(password|passwd|passphrase|passwort|secret|token|api[-_. ]?key|access[-_. ]?key([-_]?id)?|secret[-_. ]?key|private[-_. ]?key|account[-_]?key|shared[-_]?access[-_]?key|signing[-_]?key|encryption[-_]?key|master[-_]?key|credentials?|connection[-_ ]?string|authorization|requirepass|masterauth|(pg|db|my|smtp|ftp|redis|ldap)pass)"
    WEAK = "(pass|pwd|auth|dsn|cookie|sig|signature|pat|jwt|psk)"
    PAIR = "(password|passwd|passphrase|passwort|secret|token|api[-_. ]?key|access[-_. ]?key([-_]?id)?|secret[-_. ]?key|private[-_. ]?key|account[-_]?key|shared[-_]?access[-_]?key|signing[-_]?key|encryption[-_]?key|master[-_]?key|credentials?|connection[-_ ]?string|authorization|requirepass|masterauth|(pg|db|my|smtp|ftp|redis|ldap)pass|pass|pwd|auth|dsn|cookie|sig|signature|pat|jwt|psk)[\"\047\\\\]*([ \t]*(=>|:=|==?|:)[ \t]*|[, \t]+)"
    NEAR = STRONG "|" "pwd|pass|auth|dsn|cookie|sig|bearer|login|://"
    KNOWN = "A(KI|SI|RO|ID)A|gh[pousr]_|github_pat_|gl(pat|dt)-|xox|xapp-|AIza|ya29|k_live_|k_test_|whsec_|sk-|npm_|SG[.]|dop_v1_|hv[sbr][.]|pypi-|dckr_pat_|shpat_|AGE-SECRET|lin_api_|dapi|[$]"
    skip = item = env = -1
    inside = written = total = bytes = 0
}
{
    bytes += length($0) + 1
    if (form == "yaml") yaml($0)
    else put(text($0))
}
END {
    for (kind in count) print "M\t" kind "\t" count[kind] >report
    print "R\t" NR "\t" bytes "\t" written "\t" (total + 0) >report
}'

# read_counts FILE: what the mask saw and wrote; fails if it did not finish.
read_counts() {
    seen='' seen_lines='' written=''
    while IFS=$tab read -r mark first second third rest; do
        [ "$mark" = R ] || continue
        # shellcheck disable=SC2034 # not each script uses all of them
        seen_lines=$first seen=$second written=$third
    done <"$1"
    [ -n "$written" ]
}

# tell_masks NAME FILE: a line of redaction.txt for each kind of secret masked.
tell_masks() {
    while IFS=$tab read -r mark kind number rest; do
        [ "$mark" != M ] || printf '%s\t%s\t%s\n' "$1" "$kind" "$number" >>"$redactions"
    done <"$2"
}

# Sets $sums to what computes SHA-256 here, as bundle.yaml tells it: sha256 or unknown.
find_sums() {
    sums=unknown sum_with=''
    if command -v sha256sum >/dev/null 2>&1; then
        sum_with=sha256sum
    elif command -v shasum >/dev/null 2>&1; then
        sum_with='shasum -a 256'
    elif command -v openssl >/dev/null 2>&1; then
        sum_with='openssl dgst -sha256 -r'
    fi
    if [ -n "$sum_with" ] && command -v find >/dev/null 2>&1; then sums=sha256; fi
}

# write_checksums: checksums.txt, which `sha256sum -c` reads, of all other files.
write_checksums() (
    trap '' INT TERM HUP
    [ "$sums" = sha256 ] || return 0
    cd "$bundle" || return 0
    # shellcheck disable=SC2086 # a command and its arguments
    find . -type f ! -path './.collecting/*' ! -path ./checksums.txt -exec $sum_with {} + 2>/dev/null |
        sed -n 's,^\([0-9a-f]*\) [ *]\./,\1  ,p' | sort -k2 >.collecting/checksums
    [ ! -s .collecting/checksums ] || mv .collecting/checksums checksums.txt
)
# <<<

# bundle.yaml is written at the start, so that an aborted run has one, and again
# at the end.
write_bundle_yaml() (
    trap '' INT TERM HUP
    {
        printf 'apiVersion: coldcase.dev/v1\nkind: Bundle\n'
        printf 'collector: collect.sh %s\n' "$COLLECTOR_VERSION"
        printf 'captured_at: "%s"\n' "$captured_at"
        [ -z "$1" ] || printf 'finished_at: "%s"\nchecksums: %s\n' "$1" "$sums"
        if [ -n "$api_date" ]; then
            printf 'api_server_date: "%s"\napi_server_date_at: "%s"\n' "$api_date" "$api_date_at"
        fi
        printf 'context: '
        printf '%s' "$context_name" | od -An -v -tx1 | awk -v mode=yaml "$ESCAPE"
    } >"$tmp/bundle.yaml" && mv "$tmp/bundle.yaml" "$bundle/bundle.yaml"
)

# The two filters that stand between kubectl and the disk when Secrets are
# listed.  A template that fails makes kubectl print the whole objects, values
# and all, on stdout and parts of them on stderr; so nothing is passed on that
# does not have the expected form.  stdout is all or nothing.
# shellcheck disable=SC2016 # an awk program
SECRETS_TO_YAML='
function plain(s) { return s ~ /^"[-._a-zA-Z0-9\/]*"$/ }
function stamp(s) { return s ~ /^"[-0-9TZ:.]+"$/ }
BEGIN { FS = "\t"; n = certs = bad = done = 0 }
done { bad = 1; next }
$1 == "S" && NF == 4 && plain($2) && plain($3) {
    made[n] = writes[n] = ""
    named[n] = "\n    name: " $3 "\n    namespace: " $2 \
        (kind == "configmaps" ? "" : "\n  type: " (plain($4) ? $4 : "\"\"")) "\n  data:"
    keys[n++] = ""
    at = $2 "\t" $3
    next
}
$1 == "N" && NF == 2 && n > 0 && stamp($2) {
    made[n - 1] = "\n    creationTimestamp: " $2
    next
}
$1 == "M" && NF == 4 && n > 0 && stamp($4) {
    writes[n - 1] = writes[n - 1] "\n    - manager: " (plain($2) ? $2 : "\"\"") \
        "\n      operation: " (plain($3) ? $3 : "\"\"") "\n      time: " $4
    next
}
$1 == "K" && (NF == 2 || (NF == 3 && $3 ~ /^[0-9]+$/)) && n > 0 && plain($2) {
    keys[n - 1] = keys[n - 1] "\n    " $2 ": \"\"" (NF == 3 ? " # at most " int($3 / 4) * 3 " bytes" : "")
    next
}
# Nothing but certificates, in any of the three ways in which base64 writes the name of
# a private key.
$1 == "T" && NF == 2 && n > 0 && $2 ~ /^"[A-Za-z0-9+\/=]*"$/ {
    if (index($2, "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0t") == 2 && !index($2, "UFJJVkFURSBLRV") && \
        !index($2, "BSSVZBVEUgS0VZ") && !index($2, "QUklWQVRFIEtFW") && certs < 500) {
        gsub(/"/, "", at)
        cert[certs++] = at "\t" substr($2, 2, length($2) - 2)
    }
    next
}
$0 == "E" { done = 1; next }
{ bad = 1 }
END {
    if (bad || !done) exit 1
    print "apiVersion: v1\nkind: List\nmetadata:\n  resourceVersion: \"\"\nitems:" (n ? "" : " []")
    for (i = 0; i < n; i++)
        print "- apiVersion: v1\n  kind: " (kind == "configmaps" ? "ConfigMap" : "Secret") "\n  metadata:" made[i] \
            (writes[i] == "" ? "" : "\n    managedFields:" writes[i]) named[i] (keys[i] == "" ? " {}" : keys[i])
    for (i = 0; i < certs; i++) print cert[i] >>certificates
}'

# shellcheck disable=SC2016 # an awk program
SECRETS_STDERR='
/^Error from server/ || /^Unable to connect to the server/ || /^The connection to the server/ ||
/^error: You must be logged in/ || /^error: the server doesn.t have a resource type/ { print; next }
{ withheld++ }
END { if (withheld) print "(" withheld " other lines withheld by the collector)" }'

# The Date of the API server's answer, as RFC 3339.  kubectl tells headers only together
# with bodies and with what it logs in with, so nothing else gets past this.
# shellcheck disable=SC2016 # an awk program
API_DATE='
!done && match($0, /Date: [A-Z][a-z][a-z], [0-9][0-9] [A-Z][a-z][a-z] [0-9][0-9][0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9] GMT/) {
    split(substr($0, RSTART + 11, RLENGTH - 11), part, " ")
    month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", part[2]) + 2) / 3
    if (month == int(month)) { printf "%s-%02d-%sT%sZ\n", part[3], month, part[1], part[4]; done = 1 }
}
/^Error from server/ || /^Unable to connect to the server/ || /^The connection to the server/ || /^error: You must be logged in/ { print >err }'

# Pod list to one line per container that has or had a run to read:
# rank, namespace, pod, node, container, restarts, state, last.  Rank 0 is a pod
# in trouble.  A container that waits for its first start has no log.
# shellcheck disable=SC2016 # an awk program
PODS_TO_CONTAINERS='
function bare(s) {
    if (s == "-") return s
    return (s ~ /^".+"$/) ? substr(s, 2, length(s) - 2) : "?"
}
function release(   i) {
    for (i = 0; i < n; i++) print rank "\t" pod "\t" held[i]
    n = 0
}
BEGIN { FS = "\t"; n = 0; done = 0 }
$1 == "P" && NF == 5 {
    release()
    pod = bare($2) "\t" bare($3) "\t" bare($4)
    rank = ($5 == "\"Running\"" || $5 == "\"Succeeded\"") ? 1 : 0
    next
}
$1 == "C" && NF == 7 {
    if ($3 + 0 > 0 || $7 == "last") rank = 0
    if ($4 == "terminated") { if ($5 != "0") rank = 0 }
    else if ($6 != "ready") rank = 0
    if ($4 != "waiting" || $7 == "last" || $3 + 0 > 0)
        held[n++] = bare($2) "\t" ($3 + 0) "\t" $4 "\t" $7
    next
}
$0 == "E" { done = 1 }
END { release(); exit !done }'

# ------------------------------------------------------------- running commands

collected=0 # commands that gave something
failed=0    # commands that did not, and were not optional
absent=0    # optional resources that this cluster does not have
unreachable=0 # failures before anything was collected, without an answer
stopped=''  # name of the signal that ended the capture
gave_up=''
spent=''  # which budget is used up
asked=0
total_bytes=0
optional=''
quiet=''
only_names=''
chunks=''
[ "$chunk_size" = 500 ] || chunks=--chunk-size=$chunk_size
context_name=$context
api_date='' api_date_at=''
find_sums

on_signal() {
    stopped=$1
    [ ! -d "${signalled%/*}" ] || printf '%s\n' "$stopped" >"$signalled"
    for victims in "$tmp/pid" "$tmp"/log.[1-9]/pid; do
        if [ -s "$victims" ]; then
            read -r victim <"$victims" && kill "$victim" 2>/dev/null
        fi
    done
    return 0
}

# see_signal: the signal came to the one who waits for this log.
see_signal() {
    if [ -z "$stopped" ] && [ -s "$signalled" ]; then read -r stopped <"$signalled"; fi
    return 0
}
trap 'on_signal INT' INT
trap 'on_signal TERM' TERM
trap 'on_signal HUP' HUP

ended() {
    [ -n "$stopped$gave_up" ]
}

stderr_has() (
    trap '' INT TERM HUP
    grep -q -e "$1" "$tmp/err"
)

# note_failure WHAT: a line for the closing list, free of control characters.
note_failure() (
    trap '' INT TERM HUP
    {
        printf '%s: ' "$1"
        sed -n '/[^[:space:]]/{p;q;}' "$tmp/err"
        printf '\n'
    } | tr -d '\000-\011\013-\037\177' | sed -n '1p' >>"$tmp/failures"
)

# Sets $spent if time, size or disk is used up.
check_budget() {
    [ -z "$spent" ] || return 0
    asked=$((asked + 1))
    if [ "$(date +%s)" -ge "$deadline" ]; then
        spent="the time of $max_time seconds is used up"
    elif [ "$total_bytes" -ge "$max_bytes" ]; then
        spent="the size of $max_bytes bytes is used up"
    elif [ "$((asked % 20))" -eq 1 ]; then
        free=$(df -Pk "$bundle" 2>/dev/null | awk 'NR > 1 && $4 ~ /^[0-9]+$/ { print $4; exit }')
        if [ -n "$free" ] && [ "$free" -lt "$min_free" ]; then
            spent="the disk has less than $min_free kB free"
        fi
    fi
}

# run_once ARGV...: run it once, stdout through the filter that $filter names into
# $target; sets $status.
run_once() {
    : >"$tmp/err"
    : >"$tmp/status"
    : >"$tmp/counts"
    # In the background and waited for, so that a signal is handled at once.
    case $filter in
        secrets | configmaps)
            {
                {
                    "$@" </dev/null 2>&1 >&3 3>&- &
                    printf '%s\n' "$!" >"$tmp/pid"
                    wait "$!"
                    printf '%s\n' "$?" >"$tmp/status"
                } | awk "$SECRETS_STDERR" >"$tmp/err" 3>&-
            } 3>&1 | awk -v kind="$filter" -v certificates="$tmp/certificates" "$SECRETS_TO_YAML" >"$target" &
            child=$!
            ;;
        date)
            {
                {
                    "$@" </dev/null 2>&1 >/dev/null &
                    printf '%s\n' "$!" >"$tmp/pid"
                    wait "$!"
                    printf '%s\n' "$?" >"$tmp/status"
                } | awk -v err="$tmp/err" "$API_DATE" >"$target"
            } &
            child=$!
            ;;
        text | yaml)
            {
                {
                    "$@" </dev/null 2>"$tmp/err" &
                    printf '%s\n' "$!" >"$tmp/pid"
                    wait "$!"
                    printf '%s\n' "$?" >"$tmp/status"
                } | (
                    trap '' INT TERM HUP
                    tr '\000' ' ' | awk -v form="$filter" -v report="$tmp/counts" "$REDACT"
                ) >"$target"
            } &
            child=$!
            ;;
        *)
            "$@" </dev/null >"$target" 2>"$tmp/err" &
            child=$!
            printf '%s\n' "$child" >"$tmp/pid"
            ;;
    esac
    see_signal
    [ -z "$stopped" ] || on_signal "$stopped"
    wait "$child"
    status=$?
    see_signal
    if [ -n "$stopped" ]; then
        wait "$child" 2>/dev/null
        status=143
        printf 'stopped by signal %s\n' "$stopped" >>"$tmp/err"
        : >"$tmp/pid"
        return
    fi
    : >"$tmp/pid"
    [ -n "$filter" ] || return 0
    read -r kubectl_status <"$tmp/status" || kubectl_status=1
    case $filter in
        secrets | configmaps)
            if [ "$kubectl_status" -eq 0 ] && [ "$status" -ne 0 ]; then
                printf 'the answer did not have the expected form and was thrown away\n' >>"$tmp/err"
            else
                status=$kubectl_status
            fi
            [ "$status" -eq 0 ] || rm -f "$target"
            ;;
        *) status=$kubectl_status ;;
    esac
}

# check_mask: what the mask has let through stays only if the mask came to its end.
check_mask() {
    [ -e "$target" ] || return 0
    if read_counts "$tmp/counts" && [ "$written" -eq "$(($(trap '' INT TERM HUP; wc -c <"$target")))" ]; then
        tell_masks "$take_file" "$tmp/counts"
        return 0
    fi
    rm -f "$target"
    printf 'withheld: the masking of secrets did not finish\n' >>"$tmp/err"
    [ "$status" -ne 0 ] || status=125
}

# take FILE ARGS...: run kubectl with ARGS, its stdout into FILE of the bundle
# ("" = into $tmp/out, which is thrown away), and record it.  Sets $status.
# $filter = secrets or configmaps leaves names and keys alone; everything else that
# goes into the bundle passes the mask.  $optional says that the resource need not
# exist, $quiet that a failure is none.
take() {
    take_file=$1
    shift
    status=130
    ended && return 0
    what="kubectl $1 ${2-}"
    case $1 in
        config) set -- kubectl "$@" ;;
        *) set -- kubectl "$@" "--request-timeout=$request_timeout" ;;
    esac
    [ -z "$context" ] || set -- "$@" "--context=$context"
    [ -z "$kubeconfig" ] || set -- "$@" "--kubeconfig=$kubeconfig"
    if [ -n "$dry_run" ]; then
        shown "$@"
        status=0
        return 0
    fi
    check_budget
    if [ -n "$spent" ]; then
        shift
        refuse "$spent" "${take_file:-$what}" "$@"
        status=126
        return 0
    fi
    filter=${only_names-}
    if [ -n "$take_file" ]; then
        target=$bundle/$take_file
        mkdir -p "${target%/*}"
        what=$take_file
        say "$take_file"
        if [ -z "$filter" ] && [ -n "$want_mask" ]; then
            case $take_file in
                cluster/*.yaml) filter=yaml ;;
                *) filter=text ;;
            esac
        fi
    else
        target=$tmp/out
    fi
    start=$(now)
    tries=0
    pause=1
    while :; do
        run_once "$@"
        # An API server that is overrun is given time.
        if [ "$status" -eq 0 ] || [ "$tries" -ge 4 ] || ended; then break; fi
        stderr_has '[Tt]oo [Mm]any [Rr]equests' || break
        tries=$((tries + 1))
        say "too many requests; waiting $pause s"
        sleep "$pause" &
        wait "$!"
        pause=$((pause * 2))
    done
    [ "$tries" -eq 0 ] || printf '(asked %s times: too many requests)\n' "$((tries + 1))" >>"$tmp/err"
    case $filter in
        text | yaml) check_mask ;;
    esac
    end=$(now)

    bytes=0
    truncated=false
    if [ -n "$take_file" ] && [ -e "$target" ]; then
        counts=$(trap '' INT TERM HUP; wc -l -c <"$target")
        # shellcheck disable=SC2086 # two numbers
        set -- $counts "$@"
        lines=$1
        bytes=$2
        shift 2
        total_bytes=$((total_bytes + bytes))
        case $filter in
            text | yaml) ;;
            *) seen_lines=$lines seen=$bytes ;;
        esac
        case $take_file in
            logs/*)
                if [ "$seen_lines" -ge "$tail_lines" ] || [ "$seen" -ge "$limit_bytes" ]; then
                    truncated=true
                fi
                ;;
        esac
        if [ "$bytes" -eq 0 ] && [ "$status" -ne 0 ]; then
            rm -f "$target"
        fi
    fi
    if [ -n "$take_file" ] && [ ! -e "$target" ]; then
        # The directories of a log that could not be had; kept if not empty.  Somebody else
        # may be about to write there, so finish_logs removes them.
        case $take_file in
            logs/*) printf '%s\n' "${target%/*}" >"$tmp/nothing" ;;
        esac
    fi
    record "$take_file" "$start" "$end" "$status" "$bytes" "$truncated" "$@"

    case $2 in
        config) return 0 ;; # says nothing of the cluster
    esac
    tally
}

# tally: count how the command went.
tally() {
    if [ "$status" -eq 0 ]; then
        collected=$((collected + 1))
    elif [ -n "$optional" ] && stderr_has "the server doesn't have a resource type"; then
        absent=$((absent + 1))
    else
        if [ -z "$quiet" ]; then
            failed=$((failed + 1))
            note_failure "$what"
        fi
        # Five commands and no word from an API server yet: it is not there, or
        # kubectl cannot log in.  A server that drops packets would otherwise
        # cost minutes for each of the remaining commands.
        if [ "$collected" -eq 0 ] && ! stderr_has 'Error from server'; then
            unreachable=$((unreachable + 1))
            [ "$unreachable" -lt 5 ] || gave_up=1
        fi
    fi
    return 0
}

# refuse WHY WHAT ARGS...: a command that the collector itself decided not to
# run.  Recorded like one that could not be executed: exit 126, no file.
refuse() {
    why=$1
    what=$2
    shift 2
    printf 'not run: %s\n' "$why" >"$tmp/err"
    start=$(now)
    record '' "$start" "$start" 126 0 false kubectl "$@"
    failed=$((failed + 1))
    note_failure "$what"
}

# each_name ARGS...: the names of a cluster-scoped kind, into $tmp/names.
each_name() {
    # shellcheck disable=SC2016 # the template's
    take '' get "$1" -o 'go-template={{range .items}}{{.metadata.name}}{{"\n"}}{{end}}'
    [ -z "$dry_run" ] || return 0
    : >"$tmp/names"
    [ "$status" -eq 0 ] || return 0
    while read -r name; do
        valid_subdomain "$name" && printf '%s\n' "$name"
    done <"$tmp/out" >"$tmp/names"
}

# On a large cluster kubectl would hold all pods at once, many gigabytes of them, so
# long lists are asked for by namespace.  One object tells how many there are.
spread=''
look_at_size() {
    [ -z "$namespaces" ] || return 0
    quiet=1
    take '' get --raw '/api/v1/pods?limit=1'
    if [ -z "$dry_run" ] && [ "$status" -eq 0 ]; then
        remaining=$(sed -n 's/.*"remainingItemCount": *\([0-9][0-9]*\).*/\1/p' "$tmp/out" | sed -n 1p)
        if [ "${remaining:-0}" -ge "$big" ]; then
            each_name namespaces
            spread=$(tr '\n' ' ' <"$tmp/names")
            say "$remaining pods: long lists go by namespace"
        fi
    fi
    quiet=''
}

# What the API server's clock says, beside what the collector's says.
take_api_date() {
    quiet=1
    only_names='date'
    take '' get --raw /version -v=8
    only_names=''
    quiet=''
    if [ -z "$dry_run" ] && [ "$status" -eq 0 ] && [ -s "$tmp/out" ]; then
        read -r api_date <"$tmp/out"
        api_date_at=$(now)
        write_bundle_yaml ''
    fi
}

# shellcheck disable=SC2086 # $fields and $chunks are flags or nothing
take_cluster_scoped() {
    take "cluster/$1.yaml" get "$1" -A -o yaml $fields $chunks
}

# shellcheck disable=SC2086 # $fields and $chunks are flags or nothing
take_namespaced() {
    if [ "$1" = configmaps ] && [ -z "$want_configmap_data" ]; then
        take_names configmaps "$CONFIGMAPS_TEMPLATE"
        return
    fi
    only=$namespaces
    case " $LONG_LISTS " in
        *" $1 "*) only=${namespaces:-$spread} ;;
    esac
    if [ -z "$only" ]; then
        take "cluster/$1.yaml" get "$1" -A -o yaml $fields $chunks
        return
    fi
    for namespace in $only; do
        ended && break
        take "cluster/$1.$namespace.yaml" get "$1" -n "$namespace" -o yaml $fields $chunks
    done
}

# take_names KIND TEMPLATE: what its name says of a namespaced kind, values left out.
take_names() {
    only_names=$1
    if [ -z "${namespaces:-$spread}" ]; then
        take "cluster/$1.yaml" get "$1" -A -o "go-template=$2"
    else
        for namespace in ${namespaces:-$spread}; do
            ended && break
            take "cluster/$1.$namespace.yaml" get "$1" -n "$namespace" -o "go-template=$2"
        done
    fi
    only_names=''
}

# The public certificates of TLS Secrets, as openssl tells of them; without openssl
# the certificates.
tell_certificates() (
    trap '' INT TERM HUP
    [ -s "$tmp/certificates" ] || return 0
    started=$(now)
    : >"$tmp/err"
    file=cluster/tls-certificates.txt
    while IFS=$tab read -r namespace name encoded; do
        if ! valid_label "$namespace" || ! valid_subdomain "$name"; then continue; fi
        if command -v openssl >/dev/null 2>&1; then
            printf '$ openssl x509 -noout -subject -issuer -dates -in %s/%s\n' "$namespace" "$name"
            printf '%s\n' "$encoded" | openssl base64 -d -A 2>/dev/null |
                openssl x509 -noout -subject -issuer -dates 2>/dev/null || printf 'not a certificate\n'
        elif command -v base64 >/dev/null 2>&1; then
            printf '$ cat %s/%s\n' "$namespace" "$name"
            # No other block than a certificate.
            printf '%s\n' "$encoded" | base64 -d 2>/dev/null |
                sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p'
        fi
    done <"$tmp/certificates" >"$bundle/$file"
    rm -f "$tmp/certificates"
    record "$file" "$started" "$(now)" 0 "$(($(wc -c <"$bundle/$file")))" false \
        openssl x509 -noout -subject -issuer -dates
)

# Writes $tmp/containers, pods in trouble first, from what the API server says.
# A name that Kubernetes would not allow never gets as far as a path.
list_containers() {
    if [ -n "$dry_run" ]; then
        take '' get pods -A -o "go-template=$CONTAINERS_TEMPLATE"
        return
    fi
    : >"$tmp/listed"
    : >"$tmp/containers"
    for namespace in ${namespaces:-${spread:--A}}; do
        ended && break
        if [ "$namespace" = -A ]; then
            take '' get pods -A -o "go-template=$CONTAINERS_TEMPLATE"
        else
            take '' get pods -n "$namespace" -o "go-template=$CONTAINERS_TEMPLATE"
        fi
        [ "$status" -eq 0 ] || continue
        if ! awk "$PODS_TO_CONTAINERS" "$tmp/out" >>"$tmp/listed"; then
            refuse 'the list of pods was incomplete; some logs were not asked for' \
                'container list' logs
        fi
    done
    sort -k1,1n "$tmp/listed" >"$tmp/sorted"
    while IFS=$tab read -r rank namespace pod node container restarts state last; do
        if valid_label "$namespace" && valid_subdomain "$pod" && valid_label "$container"; then
            printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$rank" "$namespace" "$pod" "$node" \
                "$container" "$restarts" "$state" "$last" >>"$tmp/containers"
        else
            refuse 'not a name that Kubernetes allows' \
                "log of $namespace/$pod/$container" logs "$pod" -n "$namespace" -c "$container"
        fi
    done <"$tmp/sorted"
    : >"$tmp/out"
}

# Nodes whose kubelet did not answer; a node twice in the list is asked no more.
silent_nodes=' '

# Logs are asked for a few at once, each by a subshell that has a directory of its own
# for what it records; finish_logs puts the records together in the order of the list.
running=0
answered=' ' # nodes whose kubelet has given a log

# start_log NAMESPACE POD NODE CONTAINER previous|STATE
start_log() {
    case $answered in
        *" $3 "*) alone='' ;;
        *) alone=1 ;;
    esac
    # A node that may be dead costs one time limit, not several.
    if [ -n "$alone" ] && [ "$running" -gt 0 ]; then finish_logs; fi
    ended && return 0
    running=$((running + 1))
    rm -rf "$tmp/log.$running"
    mkdir "$tmp/log.$running" || return 0
    printf '%s\n' "$3" >"$tmp/log.$running/node"
    asked=$((asked + 1))
    log_worker "$tmp/log.$running" "$@" &
    eval "worker_$running=\$!"
    if [ -n "$alone" ] || [ "$running" -ge "$at_once" ]; then finish_logs; fi
}

# log_worker DIRECTORY ARGS...: take_log ARGS, recorded in DIRECTORY.
log_worker() {
    trap 'on_signal TERM' TERM
    trap 'on_signal HUP' HUP
    tmp=$1 manifest=$1/manifest redactions=$1/redactions
    shift
    : >"$tmp/failures"
    : >"$manifest"
    : >"$tmp/pid"
    set_collected=$collected set_failed=$failed set_unreachable=$unreachable set_bytes=$total_bytes
    set_silent=$silent_nodes
    take_log "$@"
    silent=0
    [ "$silent_nodes" = "$set_silent" ] || silent=1
    printf '%s %s %s %s %s %s\n' "$((collected - set_collected))" "$((failed - set_failed))" \
        "$((unreachable - set_unreachable))" "$((total_bytes - set_bytes))" "$silent" "${gave_up:-0}" >"$tmp/result"
}

# finish_logs: wait for all logs that are asked for, and take their records over.
finish_logs() {
    number=0
    while [ "$number" -lt "$running" ]; do
        number=$((number + 1))
        worker=''
        eval "worker=\$worker_$number"
        while :; do
            wait "$worker"
            if [ "$?" -le 128 ] || ! kill -0 "$worker" 2>/dev/null; then break; fi
            # A signal; kubectl may have begun after it.
            if [ -n "$stopped" ]; then
                sleep 1
                on_signal "$stopped"
            fi
        done
        absorb "$tmp/log.$number"
    done
    number=0
    while [ "$number" -lt "$running" ]; do
        number=$((number + 1))
        if [ -s "$tmp/log.$number/nothing" ]; then
            read -r nothing <"$tmp/log.$number/nothing"
            rmdir "$nothing" 2>/dev/null && rmdir "${nothing%/*}" 2>/dev/null
        fi
        rm -rf "$tmp/log.$number"
    done
    running=0
}

# absorb DIRECTORY: what log_worker recorded there.
absorb() {
    [ -s "$1/result" ] || return 0
    read -r got_collected got_failed got_unreachable got_bytes got_silent got_up <"$1/result"
    (
        trap '' INT TERM HUP
        cat "$1/manifest" >>"$manifest"
        cat "$1/failures" >>"$tmp/failures"
        [ ! -s "$1/redactions" ] || cat "$1/redactions" >>"$redactions"
    )
    collected=$((collected + got_collected))
    failed=$((failed + got_failed))
    unreachable=$((unreachable + got_unreachable))
    total_bytes=$((total_bytes + got_bytes))
    [ "$got_up" = 0 ] || gave_up=1
    read -r last_node <"$1/node"
    if [ "$got_silent" -eq 1 ]; then
        silent_nodes="$silent_nodes$last_node  "
    elif [ "$got_collected" -gt 0 ]; then
        case $answered in
            *" $last_node "*) ;;
            *) answered="$answered$last_node " ;;
        esac
    fi
    see_signal
}

# take_log NAMESPACE POD NODE CONTAINER previous|STATE
take_log() {
    log_node=$3
    log_file=logs/$1/$2/$4
    case $5 in
        previous)
            log_file=$log_file.previous.log
            set -- logs "$2" -n "$1" -c "$4" --previous
            ;;
        running)
            log_file=$log_file.log
            if [ "$since" = 0 ]; then
                set -- logs "$2" -n "$1" -c "$4"
            else
                set -- logs "$2" -n "$1" -c "$4" "--since=$since"
            fi
            ;;
        *)
            log_file=$log_file.log
            set -- logs "$2" -n "$1" -c "$4"
            ;;
    esac
    set -- "$@" --timestamps "--tail=$tail_lines" "--limit-bytes=$limit_bytes"
    case $silent_nodes in
        *" $log_node "*" $log_node "*)
            refuse "node $log_node did not answer two requests for logs" "$log_file" "$@"
            return
            ;;
    esac
    take "$log_file" "$@"
    if [ "$status" -ne 0 ] && [ "$bytes" -eq 0 ] && [ "$log_node" != - ]; then
        if stderr_has 'dial tcp' || stderr_has 'Client.Timeout' ||
            stderr_has 'context deadline exceeded' || stderr_has 'No agent available'; then
            silent_nodes="$silent_nodes $log_node  "
        fi
    fi
}

# out_of_budget WHAT: one line for all the logs that are not asked for any more.
out_of_budget() {
    check_budget
    [ -n "$spent" ] || return 1
    refuse "$spent" "the other $1" logs
}

take_previous_logs() {
    if [ -n "$dry_run" ]; then
        take_log NAMESPACE POD NODE CONTAINER previous
        return
    fi
    while IFS=$tab read -r rank namespace pod node container restarts state last; do
        ended && break
        out_of_budget 'previous logs' && break
        if [ "$restarts" -gt 0 ] || [ "$last" = last ]; then
            start_log "$namespace" "$pod" "$node" "$container" previous
        fi
    done <"$tmp/containers"
    finish_logs
}

take_current_logs() {
    if [ -n "$dry_run" ]; then
        take_log NAMESPACE POD NODE CONTAINER running
        return
    fi
    while IFS=$tab read -r rank namespace pod node container restarts state last; do
        ended && break
        out_of_budget 'logs' && break
        start_log "$namespace" "$pod" "$node" "$container" "$state"
    done <"$tmp/containers"
    finish_logs
}

# ---------------------------------------------------------- files of the nodes

# The kubelet's own service logs, through the API server's proxy.
take_node_logs() {
    each_name nodes
    if [ -n "$dry_run" ]; then
        take '' get --raw "/api/v1/nodes/NODE/proxy/logs/?query=kubelet&tailLines=$tail_lines"
        return
    fi
    mv "$tmp/names" "$tmp/nodes"
    while read -r name; do
        ended && break
        for unit in kubelet containerd; do
            take "nodes/$name/$unit.log" get --raw \
                "/api/v1/nodes/$name/proxy/logs/?query=$unit&tailLines=$tail_lines"
        done
    done <"$tmp/nodes"
}

# node_bundle NAME ARGV...: run ARGV with collect-node.sh as its input; its output is
# that node's bundle.
node_bundle() {
    name=$1
    shift
    if [ -n "$dry_run" ]; then
        shown "$@"
        return 0
    fi
    ended && return 0
    what=node-bundles/$name.tar.gz
    target=$bundle/$what
    mkdir -p "$bundle/node-bundles"
    say "$what"
    start=$(now)
    "$@" <"$node_script" >"$target" 2>"$tmp/err" &
    child=$!
    printf '%s\n' "$child" >"$tmp/pid"
    [ -z "$stopped" ] || on_signal "$stopped"
    wait "$child"
    status=$?
    [ -z "$stopped" ] || { wait "$child" 2>/dev/null; status=143; }
    : >"$tmp/pid"
    bytes=$(($(trap '' INT TERM HUP; wc -c <"$target")))
    # collect-node.sh says 1 if some of it failed; its own manifest says what.
    [ "$status" -ne 1 ] || [ "$bytes" -eq 0 ] || status=0
    file=$what
    if [ "$bytes" -eq 0 ]; then
        rm -f "$target"
        file=''
        [ "$status" -ne 0 ] || status=1
    fi
    total_bytes=$((total_bytes + bytes))
    record "$file" "$start" "$(now)" "$status" "$bytes" false "$@"
    tally
}

take_nodes_by_ssh() {
    while read -r host name rest <&4; do
        case $host in
            '' | '#'*) continue ;;
            -* | *[!A-Za-z0-9@._:%-]*) refuse 'not a host' "ssh $host" ssh "$host" ; continue ;;
        esac
        [ -n "$name" ] || { name=${host#*@}; }
        if ! valid_subdomain "$name"; then
            refuse 'not a name of a node' "ssh $host" ssh "$host"
            continue
        fi
        arguments="--stdout --name $name"
        # shellcheck disable=SC2016 # for the node's shell
        node_bundle "$name" ssh -o BatchMode=yes -o ConnectTimeout=10 "$host" \
            'if [ "$(id -u)" -eq 0 ]; then exec sh -s -- '"$arguments"'; else exec sudo -n sh -s -- '"$arguments"'; fi'
    done 4<"$nodes_ssh"
}

# >>> node-debug: the only lines that change the cluster, and only when asked
# shellcheck disable=SC2317 # debug_node is run by name
kubectl_to() {
    set -- kubectl "$@"
    [ -z "$context" ] || set -- "$@" "--context=$context"
    [ -z "$kubeconfig" ] || set -- "$@" "--kubeconfig=$kubeconfig"
    "$@"
}

# debug_node NAME: the bundle of a node on stdout.  kubectl's first line names the pod.
# shellcheck disable=SC2317 # run by name
debug_node() {
    kubectl_to debug "node/$1" -i --image="$debug_image" --profile=sysadmin -- \
        chroot /host sh -s -- --stdout --name "$1" | {
        IFS= read -r line
        pod=${line#*pod }
        pod=${pod%% *}
        cat
        case $pod in
            node-debugger-*) kubectl_to delete pod "$pod" --wait=false >&2 ;;
            *) printf 'left behind a debug pod on %s: %s\n' "$1" "$line" >&2 ;;
        esac
    }
}

take_nodes_by_debug() {
    for name in $debug_nodes; do
        printf 'collect.sh: --node-debug creates a privileged pod on %s, and deletes it\n' "$name" >&2
        if [ -n "$dry_run" ]; then
            shown kubectl debug "node/$name" -i "--image=$debug_image" --profile=sysadmin -- chroot /host sh -s -- --stdout --name "$name"
        else
            node_bundle "$name" debug_node "$name"
        fi
    done
}
# <<< node-debug

# ------------------------------------------------------------------ the capture

if [ -z "$dry_run" ]; then
    : >"$tmp/failures"
    : >"$tmp/pid"
    captured_at=$(now)
    write_bundle_yaml ''
fi
take '' config current-context
if [ -z "$dry_run$context" ] && [ "$status" -eq 0 ]; then
    read -r context_name <"$tmp/out" || :
    write_bundle_yaml ''
fi
look_at_size
take_api_date

# By perishability: events expire after an hour, a pod is replaced at any time,
# and only one previous log of a container exists.
take_namespaced events
take_namespaced events.events.k8s.io
take_namespaced pods
if [ -n "$want_logs" ]; then
    list_containers
    take_previous_logs
fi

if [ -z "$namespaces" ]; then
    take_cluster_scoped namespaces
else
    # shellcheck disable=SC2086 # names, checked
    take cluster/namespaces.yaml get namespaces $namespaces -o yaml $fields
fi
for resource in $NAMESPACED; do take_namespaced "$resource"; done
take_names secrets "$SECRETS_TEMPLATE"
[ -n "$dry_run" ] || tell_certificates
for resource in $CLUSTER_SCOPED; do take_cluster_scoped "$resource"; done
optional=1
for resource in $OPTIONAL_NAMESPACED; do take_namespaced "$resource"; done
for resource in $OPTIONAL_CLUSTER_SCOPED; do take_cluster_scoped "$resource"; done
optional=''

[ -z "$want_logs" ] || take_current_logs

take cluster/version.yaml version -o yaml
take cluster/readyz.txt get --raw '/readyz?verbose'

[ -z "$want_node_logs" ] || take_node_logs
[ -z "$nodes_ssh" ] || take_nodes_by_ssh
[ -z "$debug_nodes" ] || take_nodes_by_debug
[ -z "$dry_run" ] || exit 0

# ---------------------------------------------------------------------- the end

write_bundle_yaml "$(now)"

if [ "$failed" -gt 0 ]; then
    printf 'collect.sh: not collected (%s):\n' "$failed" >&2
    sed -n '1,20s/^/  /p' "$tmp/failures" >&2
    [ "$failed" -le 20 ] || printf '  ... all of them are in manifest.jsonl\n' >&2
fi
[ "$absent" -eq 0 ] || say "$absent optional resources are not known to this API server"
[ -z "$stopped" ] || printf 'collect.sh: stopped by signal %s; the bundle is incomplete\n' "$stopped" >&2
[ -z "$spent" ] || printf 'collect.sh: %s; the bundle is incomplete\n' "$spent" >&2
[ -z "$gave_up" ] || printf 'collect.sh: no answer from an API server; gave up\n' >&2

write_checksums
rm -rf "$tmp"

# A signal from here on ends the packing; the directory is complete.
packing=''
trap 'rm -f "$packing"; exit 1' INT TERM HUP

result=$out
if [ -n "$want_archive" ] && command -v tar >/dev/null 2>&1; then
    parent=${bundle%/*}
    packing=$bundle.tar
    if tar -cf "$packing" -C "${parent:-/}" "${bundle##*/}"; then
        result=$out.tar
        if command -v gzip >/dev/null 2>&1 && gzip "$packing"; then
            result=$out.tar.gz
        fi
    else
        rm -f "$packing"
        printf 'collect.sh: could not pack %s; the directory is complete\n' "$out" >&2
    fi
fi

if [ "$collected" -eq 0 ]; then
    printf 'collect.sh: nothing could be collected; what was tried is in %s\n' "$result" >&2
    exit 2
fi

# The command is printed so that it can be pasted.
case $result in
    -* | *[!A-Za-z0-9_./:@%+,-]*)
        shown="'$(printf '%s' "$result" | sed "s/'/'\\\\''/g")'"
        ;;
    *) shown=$result ;;
esac
printf 'collected into %s; next: coldcase analyze %s\n' "$shown" "$shown"

[ "$failed" -eq 0 ] && [ -z "$stopped" ] && exit 0
exit 1
