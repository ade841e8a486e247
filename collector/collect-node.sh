#!/bin/sh
# collect-node.sh - capture one node into a coldcase bundle.
#
# Responsible for: what only the node itself knows (journals, control groups,
# counters, rules, clocks, dates of certificates), read and never changed, masked
# on its way to the disk, and each command with how it ended.
# The layout it writes is described in docs/bundle-format.md.
#
# Not responsible for: objects and container logs; collect.sh asks the API server.
#
# POSIX sh.  Needs awk, cat, date, dd, find, head, mkdir, mv, od, rm, sed, tail, tr
# and wc; tar and gzip to pack the result.  Every other tool may be absent.

set -u
umask 077
LC_ALL=C
export LC_ALL

COLLECTOR_VERSION='0.1.0'

# Units whose journals are taken, as far as the node has them.
UNITS='kubelet containerd crio docker cri-docker k3s k3s-agent rke2-server rke2-agent
kube-proxy chronyd chrony systemd-timesyncd nvidia-persistenced'

# Settings of the kernel that rules and people ask for.
SYSCTLS='net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.bridge.bridge-nf-call-iptables
net.netfilter.nf_conntrack_max net.netfilter.nf_conntrack_tcp_timeout_established
net.ipv4.ip_local_port_range net.core.somaxconn net.ipv4.conf.all.rp_filter
net.ipv4.neigh.default.gc_thresh3 fs.file-max fs.file-nr fs.inotify.max_user_instances
fs.inotify.max_user_watches fs.nr_open kernel.pid_max kernel.threads-max vm.max_map_count
vm.overcommit_memory vm.swappiness vm.panic_on_oom kernel.panic'

usage() {
    cat <<'USAGE'
Usage: collect-node.sh [options]

Captures the node it runs on, read-only, into a bundle that `coldcase analyze`
joins with the cluster's. Run it as root, or it will be refused most of it.

  -o DIR             bundle directory (default node-<name>-<UTC time>)
      --name NAME    the node's name in Kubernetes (default: the host's name)
      --since T      how far back journals go, as journalctl takes it behind a
                     minus: 6h, 2d (default 24h)
      --lines N      last N lines of each journal (default 20000)
      --max-bytes N  at most N bytes of each output (default 16777216)
      --max-total N  stop asking when the bundle holds N bytes (default 268435456)
      --timeout N    seconds for each command (default 30)
      --max-time N   seconds for everything (default 600)
      --root DIR     where the host's files are (default /)
      --no-archive   leave the directory, write no .tar.gz
      --stdout       write the .tar.gz to standard output, leave nothing behind
      --dry-run      print every command, run none
  -v                 report progress
  -h, --help         this text
      --version      version

Exit status: 0 captured, 1 some of it failed (see manifest.jsonl; a tool that is
not installed is no failure), 2 nothing was captured or wrong usage.
USAGE
}

die() {
    printf 'collect-node.sh: %s\n' "$1" >&2
    exit 2
}

# >>> the same in collect.sh and collect-node.sh
valid_count() {
    case $1 in
        '' | 0* | *[!0-9]*) return 1 ;;
    esac
}
# <<<

out='' node='' since=24h lines=20000 max_bytes=16777216 max_total=268435456
timeout=30 max_time=600 root='' want_archive=1 to_stdout='' dry_run='' verbose=''
while [ "$#" -gt 0 ]; do
    option=$1
    shift
    case $option in
        --no-archive) want_archive='' ; continue ;;
        --stdout) to_stdout=1 ; continue ;;
        --dry-run) dry_run=1 ; continue ;;
        -v) verbose=1 ; continue ;;
        -h | --help) usage ; exit 0 ;;
        --version) printf 'collect-node.sh %s\n' "$COLLECTOR_VERSION" ; exit 0 ;;
        --*=*)
            value=${option#*=}
            option=${option%%=*}
            ;;
        -o | --name | --since | --lines | --max-bytes | --max-total | --timeout | --max-time | --root)
            [ "$#" -gt 0 ] || die "$option needs a value"
            value=$1
            shift
            ;;
        *) die "unknown argument: $option (see --help)" ;;
    esac
    [ -n "$value" ] || die "$option needs a value"
    case $option in
        -o) out=$value ;;
        --name) node=$value ;;
        --root) root=${value%/} ;;
        --since)
            case $value in
                *[!0-9a-z]* | [!0-9]*) die "--since wants a span such as 6h: $value" ;;
            esac
            since=$value
            ;;
        *)
            valid_count "$value" || die "$option wants a positive number: $value"
            case $option in
                --lines) lines=$value ;;
                --max-bytes) max_bytes=$value ;;
                --max-total) max_total=$value ;;
                --timeout) timeout=$value ;;
                --max-time) max_time=$value ;;
                *) die "unknown argument: $option (see --help)" ;;
            esac
            ;;
    esac
done

[ -n "$node" ] || node=$(hostname 2>/dev/null | tr '[:upper:]' '[:lower:]')
# It becomes a directory.
case $node in
    '' | -* | .* | *[!a-z0-9.-]*) die "not a node's name: $node (see --name)" ;;
esac
limiter=''
command -v timeout >/dev/null 2>&1 && limiter="timeout $timeout"
deadline=$(($(date +%s) + max_time))

scratch=''
if [ -n "$to_stdout" ] && [ -z "$dry_run" ]; then
    scratch=$(mktemp -d) || die 'cannot make a temporary directory'
    out=$scratch/node-$node
fi
[ -n "$out" ] || out=node-$node-$(date -u +%Y%m%dT%H%M%SZ)
case $out in
    /*) bundle=${out%/} ;;
    *) bundle=./${out%/} ;;
esac
tmp=$bundle/.collecting
manifest=$bundle/manifest.jsonl
redactions=$bundle/redaction.txt
if [ -z "$dry_run" ]; then
    if [ -e "$bundle" ]; then
        [ -d "$bundle" ] || die "exists and is no directory: $out"
        [ -z "$(ls -A "$bundle")" ] || die "exists and is not empty: $out"
    fi
    for existing in "$bundle.tar" "$bundle.tar.gz"; do
        [ ! -e "$existing" ] || die "exists already: $existing"
    done
    if ! mkdir -p "$bundle/nodes/$node" "$tmp" || ! : >"$manifest"; then
        die "cannot write to $out"
    fi
fi

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

# ------------------------------------------------------------- running commands

collected=0
failed=0
stopped=''
spent='' # which budget is used up
used=0   # bytes written

on_signal() {
    stopped=$1
    if [ -s "$tmp/pid" ]; then
        read -r victim <"$tmp/pid" && kill "$victim" 2>/dev/null
    fi
    return 0
}

# take FILE COMMAND...: run COMMAND, its redacted output into nodes/NAME/FILE, and
# record it.  $part: head keeps the first bytes, tail the last.  $append adds to the
# file behind a line that names the command.  $argv stands in for an odd COMMAND.
take() {
    name=$1
    shift
    [ -z "$stopped" ] || return 0
    if [ -z "$spent" ]; then
        [ "$(date +%s)" -lt "$deadline" ] || spent="the time of $max_time seconds is used up"
        [ "$used" -lt "$max_total" ] || spent="the size of $max_total bytes is used up"
    fi
    file=nodes/$node/$name
    target=$bundle/$file
    start=$(now)
    if [ -n "$spent" ]; then
        printf 'not run: %s\n' "$spent" >"$tmp/err"
        record '' "$start" "$start" 126 0 false "$@"
        failed=$((failed + 1))
        return 0
    fi
    if ! command -v "$1" >/dev/null 2>&1; then
        printf 'not run: no %s on this node\n' "$1" >"$tmp/err"
        record '' "$start" "$start" 126 0 false "$@"
        return 0
    fi
    say "$file"
    : >"$tmp/err"
    printf '1\n' >"$tmp/status"
    : >"$tmp/counts"
    [ -n "$append" ] || : >"$target"
    [ -z "$append" ] || {
        printf '$ '
        shown "$@" | sed 's/ $//'
    } >>"$target"
    {
        {
            # shellcheck disable=SC2086 # $limiter is two words or none
            $limiter "$@" </dev/null 2>"$tmp/err" &
            printf '%s\n' "$!" >"$tmp/pid"
            wait "$!"
            printf '%s\n' "$?" >"$tmp/status"
        } | (
            trap '' INT TERM HUP
            "$part" -c "$max_bytes" | tr '\000' ' ' |
                awk -v form=text -v report="$tmp/counts" "$REDACT"
        ) >>"$target"
    } &
    child=$!
    [ -z "$stopped" ] || on_signal "$stopped"
    wait "$child"
    wait "$child" 2>/dev/null
    : >"$tmp/pid"
    read -r status <"$tmp/status" || status=1
    [ -z "$stopped" ] || { status=143 && printf 'stopped by signal %s\n' "$stopped" >>"$tmp/err"; }
    finish "$@"
}

# finish COMMAND...: check the masking, note the sizes, record.
finish() (
    trap '' INT TERM HUP
    bytes=$(($(wc -c <"$target")))
    truncated=false
    if ! read_counts "$tmp/counts" || { [ -z "$append" ] && [ "$bytes" -ne "$written" ]; }; then
        rm -f "$target"
        printf 'withheld: the masking of secrets did not finish\n' >>"$tmp/err"
        bytes=0
        [ "$status" -ne 0 ] || status=1
    else
        [ "$seen" -lt "$max_bytes" ] || truncated=true
        case $name in
            *.json) [ "$seen_lines" -lt "$lines" ] || truncated=true ;;
        esac
        # A pipe that was closed because enough had come.
        [ "$truncated$status" != true141 ] || status=0
        tell_masks "$file" "$tmp/counts"
        [ "$bytes" -gt 0 ] || rm -f "$target"
    fi
    [ "$bytes" -gt 0 ] || file=''
    record "$file" "$start" "$(now)" "$status" "$bytes" "$truncated" "$@"
    printf '%s %s\n' "$bytes" "$status" >"$tmp/last"
)

# run FILE COMMAND...: take, and count.
run() {
    if [ -n "$dry_run" ]; then
        shift
        shown "$@"
        return 0
    fi
    : >"$tmp/last"
    take "$@"
    if [ -s "$tmp/last" ]; then
        read -r bytes status <"$tmp/last"
        [ -z "$append" ] && used=$((used + bytes))
        if [ "$status" -eq 0 ]; then
            collected=$((collected + 1))
        else
            failed=$((failed + 1))
        fi
    fi
    return 0
}

# files FILE PATH...: the contents of those of the node's small files that exist.
files() {
    name=$1
    shift
    count=$#
    while [ "$count" -gt 0 ]; do
        [ ! -r "$root$1" ] || set -- "$@" "$root$1"
        shift
        count=$((count - 1))
    done
    [ "$#" -eq 0 ] || run "$name" cat "$@"
}

journal() { # FILE JOURNALCTL-ARGUMENTS
    journal_file=$1
    shift
    # shellcheck disable=SC2086 # $fields is one word or none
    run "$journal_file" journalctl "$@" -o json --utc --no-pager --since "-$since" -n "$lines" $fields
}

# ------------------------------------------------------------------ the capture

certificate() { # PATH
    run certs.txt openssl x509 -noout -subject -issuer -dates -in "$1"
}

capture() {
    append='' part='tail'

    # What a busy journal drops first.
    fields=''
    if command -v journalctl >/dev/null 2>&1; then
        case $(journalctl --help 2>/dev/null) in
            *--output-fields*) fields=--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID,_COMM,_SYSTEMD_UNIT,_HOSTNAME,_TRANSPORT,_SOURCE_REALTIME_TIMESTAMP,_SOURCE_MONOTONIC_TIMESTAMP ;;
        esac
        journal kernel.json -k
        for unit in $UNITS; do journal "$unit.json" -u "$unit"; done
    else
        for path in kubelet.log kern.log messages syslog; do
            [ ! -r "$root/var/log/$path" ] || run "var-log-$path" tail -n "$lines" "$root/var/log/$path"
        done
        run dmesg.txt dmesg
    fi
    part='head'

    # Pressure, limits and counters: gone with the next minute.
    for resource in cpu memory io; do files "pressure-$resource.txt" "/proc/pressure/$resource"; done
    files loadavg.txt /proc/loadavg
    files meminfo.txt /proc/meminfo
    run uptime.txt uptime
    run date.txt date -u '+%a %b %e %H:%M:%S UTC %Y'
    cgroups=''
    for path in /sys/fs/cgroup/kubepods.slice /sys/fs/cgroup/kubepods \
        /sys/fs/cgroup/memory/kubepods.slice /sys/fs/cgroup/memory/kubepods \
        /sys/fs/cgroup/cpu/kubepods.slice /sys/fs/cgroup/cpu/kubepods; do
        [ ! -d "$root$path" ] || cgroups="$cgroups $root$path"
    done
    # shellcheck disable=SC2086 # paths without blanks
    [ -z "$cgroups" ] || run cgroup.txt find $cgroups -type f \( -name cpu.stat -o -name 'memory.events' \
        -o -name memory.current -o -name memory.max -o -name memory.peak -o -name memory.oom.group \
        -o -name memory.failcnt -o -name memory.limit_in_bytes -o -name memory.usage_in_bytes \
        -o -name memory.oom_control -o -name pids.current -o -name pids.max \) -exec grep -H . '{}' +
    if [ -r "$root/proc/sys/net/netfilter/nf_conntrack_count" ]; then
        # shellcheck disable=SC2016 # $1 and $2 are the inner shell's
        run conntrack.txt sh -c 'printf "count %s\nmax %s\n" "$(cat "$1")" "$(cat "$2")"' sh \
            "$root/proc/sys/net/netfilter/nf_conntrack_count" "$root/proc/sys/net/netfilter/nf_conntrack_max"
    fi
    run conntrack-stats.txt conntrack -S
    run ps.txt ps aux

    # Ways to Services and to the world.
    run iptables.txt iptables-save
    run ip6tables.txt ip6tables-save
    run nft.txt nft list ruleset
    run ipvs.txt ipvsadm -Ln
    run ip-route.txt ip route show table all
    run ip-rule.txt ip rule show
    run ip-addr.txt ip addr show
    run ip-link.txt ip -s link show
    run ip-neigh.txt ip neigh show
    run ss.txt ss -lntp
    files resolv.conf /etc/resolv.conf
    [ ! -d "$root/etc/cni/net.d" ] || run cni.txt ls -l "$root/etc/cni/net.d" "$root/opt/cni/bin"

    # Disks.
    run df.txt df -P -k
    run df-inodes.txt df -P -i
    run mount.txt mount
    append=1
    for path in /var/log /var/lib/containerd /var/lib/containers /var/lib/docker /var/lib/kubelet; do
        [ ! -d "$root$path" ] || run du.txt du -x -k -d 2 "$root$path"
    done
    append=''

    # The runtime.
    run crictl-ps.txt crictl ps -a
    run crictl-pods.txt crictl pods
    run crictl-images.txt crictl images
    run crictl-info.txt crictl info
    run crictl-stats.txt crictl stats -a -o json

    # The clock.
    run chrony.txt chronyc -n tracking
    run chrony-sources.txt chronyc -n sources
    run timedatectl.txt timedatectl

    # What it is.
    run hostname.txt hostname
    run uname.txt uname -a
    files os-release /etc/os-release
    run systemctl.txt systemctl list-units --failed --no-pager --plain
    # shellcheck disable=SC2086 # unit names
    run units.txt systemctl status --no-pager -n 0 $UNITS
    # shellcheck disable=SC2086 # keys
    run sysctl.txt sysctl -e $SYSCTLS

    # Certificates: what openssl says of the public part, never a file itself.
    append=1
    if command -v openssl >/dev/null 2>&1 || [ -n "$dry_run" ]; then
        for path in "$root"/etc/kubernetes/pki/*.crt "$root"/etc/kubernetes/pki/etcd/*.crt \
            "$root"/var/lib/kubelet/pki/kubelet-client-current.pem "$root"/var/lib/kubelet/pki/kubelet-server-current.pem \
            "$root"/var/lib/kubelet/pki/*.crt "$root"/var/lib/rancher/k3s/server/tls/*.crt \
            "$root"/var/lib/rancher/rke2/server/tls/*.crt; do
            [ ! -r "$path" ] || certificate "$path"
        done
    fi
    append=''
    run kubeadm-certs.txt kubeadm certs check-expiration

    run nvidia-smi.txt nvidia-smi -q
}

# ---------------------------------------------------------------------- the end

if [ -n "$dry_run" ]; then
    capture
    exit 0
fi

write_bundle_yaml() (
    trap '' INT TERM HUP
    {
        printf 'apiVersion: coldcase.dev/v1\nkind: Bundle\n'
        printf 'collector: collect-node.sh %s\nnode: "%s"\n' "$COLLECTOR_VERSION" "$node"
        printf 'captured_at: "%s"\n' "$captured_at"
        [ -z "$1" ] || printf 'finished_at: "%s"\nchecksums: %s\n' "$1" "$sums"
    } >"$tmp/bundle.yaml" && mv "$tmp/bundle.yaml" "$bundle/bundle.yaml"
)

trap 'on_signal INT' INT
trap 'on_signal TERM' TERM
trap 'on_signal HUP' HUP
: >"$tmp/pid"
captured_at=$(now)
find_sums
write_bundle_yaml ''
capture
write_bundle_yaml "$(now)"
write_checksums
rm -rf "$tmp"

packing=''
trap 'rm -f "$packing"; [ -z "$scratch" ] || rm -rf "$scratch"; exit 1' INT TERM HUP
[ -z "$stopped" ] || printf 'collect-node.sh: stopped by signal %s; the bundle is incomplete\n' "$stopped" >&2
[ -z "$spent" ] || printf 'collect-node.sh: %s; the bundle is incomplete\n' "$spent" >&2

parent=${bundle%/*}
result=$out
if [ -n "$to_stdout" ]; then
    tar -cf - -C "$parent" "${bundle##*/}" | gzip
    rm -rf "$scratch"
elif [ -n "$want_archive" ] && command -v tar >/dev/null 2>&1; then
    packing=$bundle.tar
    if tar -cf "$packing" -C "${parent:-/}" "${bundle##*/}"; then
        result=$out.tar
        if command -v gzip >/dev/null 2>&1 && gzip "$packing"; then result=$out.tar.gz; fi
    else
        rm -f "$packing"
        printf 'collect-node.sh: could not pack %s; the directory is complete\n' "$out" >&2
    fi
fi
if [ "$collected" -eq 0 ]; then
    printf 'collect-node.sh: nothing could be captured\n' >&2
    exit 2
fi
[ -n "$to_stdout" ] || printf 'captured into %s; next: coldcase analyze <cluster bundle> %s\n' "$result" "$result"
[ "$failed" -eq 0 ] && [ -z "$stopped$spent" ] && exit 0
exit 1
