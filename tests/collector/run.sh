#!/bin/sh
# Runs collector/collect.sh against the fake kubectl in bin/ (and, if there is
# one, a real kubectl against fake_api.py) and checks what it leaves behind.
# Prints a line per check; exit 1 if one failed.  Needs dash or busybox, python3.

set -u
LC_ALL=C
export LC_ALL

# Whoever runs this under nohup has HUP ignored, and a shell cannot trap what was ignored when it began.
if [ -z "${SIGNALS_AS_USUAL-}" ]; then
    SIGNALS_AS_USUAL=1
    export SIGNALS_AS_USUAL
    exec env --default-signal=HUP,INT,TERM sh "$0" "$@"
fi

here=$(cd "$(dirname "$0")" && pwd) || exit 1
collect=$here/../../collector/collect.sh
collect_node=$here/../../collector/collect-node.sh
rbac=$here/../../collector/rbac.yaml
manifest=$here/manifest.py
work=$(mktemp -d) || exit 1
api=''
cleanup() {
    [ -z "$api" ] || kill "$api" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

tab=$(printf '\t')
passed=0
failed=0
shell=''

# check WHAT COMMAND...: passes if COMMAND succeeds.
check() {
    label=$1
    shift
    if "$@" >"$work/check.out" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %s: %s\n' "$shell" "$label"
    else
        failed=$((failed + 1))
        printf 'FAIL  %s: %s\n' "$shell" "$label"
        sed 's/^/      /' "$work/check.out"
    fi
}

not() { ! "$@"; }
same() { [ "$1" = "$2" ] || { printf 'got:    %s\nwanted: %s\n' "$1" "$2"; return 1; }; }
has() { case $1 in *"$2"*) ;; *) printf 'got:    %s\nwanted: %s\n' "$1" "$2"; return 1 ;; esac; }
no_file() { [ ! -e "$1" ]; }
value() { python3 "$manifest" get "$@"; }

# run_collect ARGS...: with the fake kubectl; sets $code, $stdout, $stderr.
run_collect() {
    FAKE_LOG=$work/argv
    export FAKE_LOG
    : >"$FAKE_LOG"
    # shellcheck disable=SC2086 # "busybox sh" is two words
    (cd "$work" && PATH=$fake_path exec $shell "$collect" "$@") >"$work/stdout" 2>"$work/stderr"
    code=$?
    stdout=$(cat "$work/stdout")
    stderr=$(cat "$work/stderr")
}

layout() {
    (cd "$1" && find . -type f | sort | sed 's,^\./,,')
}

# The verbs that the collector may use; anything else is a fault.
only_reading() {
    awk '$1 == "get" || $1 == "logs" || $1 == "version" { next }
        $0 ~ /^config current-context/ { next }
        { print; bad = 1 } END { exit bad }' "$1"
}

# Each resource that kubectl was asked for is named in rbac.yaml.
rbac_covers() {
    awk '$1 == "get" && $2 !~ /^-/ { sub(/\..*/, "", $2); print $2 }' "$1" | sort -u |
        while read -r resource; do
            grep -q "^ *- $resource\$" "$rbac" || printf 'missing: %s\n' "$resource"
        done >"$work/missing"
    cat "$work/missing"
    [ ! -s "$work/missing" ]
}

every_file_is_told() {
    python3 "$manifest" files "$1/manifest.jsonl" | sort >"$work/told"
    layout "$1" | grep -v -e '^bundle.yaml$' -e '^manifest.jsonl$' -e '^redaction.txt$' -e '^checksums.txt$' >"$work/there"
    [ -z "$(comm -13 "$work/told" "$work/there")" ] || { comm -13 "$work/told" "$work/there"; return 1; }
}

sizes_are_right() {
    layout "$1" | grep -v -e '^bundle.yaml$' -e '^manifest.jsonl$' -e '^redaction.txt$' -e '^checksums.txt$' | while read -r file; do
        same "$(value "$1/manifest.jsonl" "$file" bytes)" "$(($(wc -c <"$1/$file")))" || exit 1
    done
}

# How many logs were asked for at the same time.
most_at_once() {
    awk '/begin/ { if (++now > most) most = now } /end/ { now-- } END { print most + 0 }' "$1"
}

checksums_hold() (
    cd "$1" && sha256sum -c checksums.txt
)

# The order of first appearance of some calls.
order() {
    awk '/^get events /{print "events"} /^get events\.events/{print "events2"} /^get pods .*yaml/{print "pods"}
        /^logs .*--previous/{print "previous"} /^get deployments/{print "rest"}
        /^logs/ && !/--previous/{print "logs"} /^version/{print "version"} /readyz/{print "readyz"}' "$1" |
        awk '!seen[$0]++ { printf "%s ", $0 }'
}

# An invented certificate's base64, for FAKE_CERT; "with key" adds a private key to it.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/tls.key" -out "$work/tls.crt" -days 30 \
        -subj /CN=shop.example >/dev/null 2>&1
    if [ -n "$1" ]; then cat "$work/tls.crt" "$work/tls.key"; else cat "$work/tls.crt"; fi |
        base64 | tr -d '\n' >"$work/cert"
}

# What the mask, budgets, back-off, nodes and dry runs do.
harmless() {
    python3 "$here/secrets.py" plant "$work/plant"
    FAKE_CLEAN=1
    FAKE_PLANT=$work/plant
    export FAKE_CLEAN FAKE_PLANT
    run_collect -o planted
    check 'no planted secret survives, all that is harmless does' python3 "$here/secrets.py" check "$work/plant" "$work/planted"
    check 'what was masked is told' grep -q "^logs/shop/quiet-0/app.log${tab}jwt${tab}10\$" "$work/planted/redaction.txt"
    check 'sizes after masking' sizes_are_right "$work/planted"
    run_collect -o nodata --only configmaps --no-logs --no-archive --no-configmap-data
    check '--no-configmap-data' same "$(grep -c -e 'spring' "$work/nodata/cluster/configmaps.yaml")$(grep -c 'app.properties": ""' "$work/nodata/cluster/configmaps.yaml")" 01
    check '--no-configmap-data: when it was made, who wrote it when' same \
        "$(grep -c -e 'creationTimestamp: "2026-07-14T02:41:07Z"' -e 'manager: "kubectl-edit"' -e 'time: "2026-07-14T02:44:30Z"' "$work/nodata/cluster/configmaps.yaml")" 3
    for name in configmaps configmap cm; do
        run_collect -o "also-$name" --only jobs --also "$name" --no-logs --no-archive --no-configmap-data
        check "--no-configmap-data --also $name" same "$code$(grep -c '^get configmaps .*go-template' "$FAKE_LOG")$(grep -c '^get \(configmap\|cm\).* yaml' "$FAKE_LOG")" 010
    done
    # Fail closed: an awk that dies on the mask.
    mkdir "$work/broken"
    printf '#!/bin/sh\ncase "$*" in *report=*) head -c 100; exit 2 ;; esac\nexec %s "$@"\n' "$(PATH=$fake_path command -v awk)" >"$work/broken/awk"
    chmod +x "$work/broken/awk"
    unbroken=$fake_path
    fake_path=$work/broken:$fake_path
    run_collect -o closed --only jobs --no-archive
    fake_path=$unbroken
    check 'a mask that fails withholds the file' no_file "$work/closed/logs/shop/quiet-0/app.log"
    check 'a mask that fails is told' has "$(value "$work/closed/manifest.jsonl" logs/shop/quiet-0/app.log stderr)" 'withheld: the masking'
    unset FAKE_PLANT

    if command -v openssl >/dev/null 2>&1; then
        FAKE_CERT=$work/cert
        export FAKE_CERT
        certificate ''
        run_collect -o certs --only jobs --no-archive --no-logs
        if PATH=$fake_path command -v openssl >/dev/null 2>&1; then
            check 'dates of a TLS Secret' grep -q '^notAfter=' "$work/certs/cluster/tls-certificates.txt"
        else
            check 'certificate of a TLS Secret' grep -q 'BEGIN CERTIFICATE' "$work/certs/cluster/tls-certificates.txt"
        fi
        check 'size of a Secret key' grep -q '"tls.crt": "" # at most 1200 bytes' "$work/certs/cluster/secrets.yaml"
        certificate key
        run_collect -o keyed --only jobs --no-archive --no-logs
        check 'a certificate with a private key is left out' no_file "$work/keyed/cluster/tls-certificates.txt"
        unset FAKE_CERT
    fi

    FAKE_HANG_LOG=1
    export FAKE_HANG_LOG
    # shellcheck disable=SC2086
    (cd "$work" && PATH=$fake_path python3 "$here/interrupt.py" INT "$work/argv" 'logs' \
        $shell "$collect" -o half --only jobs) >"$work/stdout" 2>"$work/stderr"
    check 'INT in a log: what came is kept, and masked' same "$(cat "$work/half/logs/shop/web-0/app.previous.log")" \
        "$(printf '2026-07-14T02:50:00Z password=<masked:password> x\n2026-07-14T02:50:01Z half')"
    check 'INT in a log: packed' tar -tzf "$work/half.tar.gz"
    unset FAKE_HANG_LOG

    FAKE_429=2
    export FAKE_429
    run_collect -o busy --only deployments --no-archive --no-logs
    check 'too many requests: asked again' same "$code$(grep -c '^get deployments' "$FAKE_LOG")" 03
    check 'too many requests: told' has "$(value "$work/busy/manifest.jsonl" cluster/deployments.yaml stderr)" 'asked 3 times'
    unset FAKE_429

    FAKE_SLOW_LOG=1
    export FAKE_SLOW_LOG
    for number in 1 3; do
        : >"$work/argv.at"
        run_collect -o "at$number" --only jobs --no-archive --at-once "$number"
        check "--at-once $number" same "$(most_at_once "$work/argv.at")" "$number"
    done
    check '--at-once: the same order in the manifest' same "$(python3 "$manifest" files "$work/at3/manifest.jsonl")" \
        "$(python3 "$manifest" files "$work/at1/manifest.jsonl")"
    check '--at-once: the same files' same "$(layout "$work/at3")" "$(layout "$work/at1")"
    unset FAKE_SLOW_LOG

    FAKE_BIG=1
    export FAKE_BIG
    run_collect -o big --only daemonsets --no-archive --no-logs
    check 'large cluster: pods by namespace' test -f "$work/big/cluster/pods.shop.yaml" -a -f "$work/big/cluster/pods.ops.yaml"
    check 'large cluster: never all pods' not grep -q '^get pods -A' "$FAKE_LOG"
    check 'large cluster: hostile namespace is never asked for' not grep -q -e '-n \.\.' "$FAKE_LOG"
    check 'large cluster: short lists whole' grep -q '^get daemonsets -A' "$FAKE_LOG"
    unset FAKE_BIG

    run_collect -o full --only jobs --no-archive --min-free 999999999999
    check 'a full disk: nothing more is asked' same "$(grep -c '^get' "$FAKE_LOG")" 0
    check 'a full disk: told' has "$(python3 "$manifest" refused "$work/full/manifest.jsonl")" 'kubectl get pods'
    check 'a full disk: the manifest is valid' python3 "$manifest" valid "$work/full/manifest.jsonl"
    run_collect -o small --only jobs --no-archive --max-bytes 1000
    check 'a spent budget' has "$stderr" 'size of 1000 bytes is used up'
    check 'a spent budget: logs in one line' same "$(python3 "$manifest" refused "$work/small/manifest.jsonl" | grep -c 'kubectl logs')" 1
    run_collect -o chunks --only jobs --also widgets.example.com --no-archive --no-logs --chunk-size 50
    check '--chunk-size' grep -q '^get jobs .*--chunk-size=50' "$FAKE_LOG"

    check '--also and --only' same "$(grep -c '^get \(jobs\|widgets.example.com\|deployments\) -A' "$FAKE_LOG")" 2
    run_collect --dry-run -o dry --node-logs --node-debug w1
    check '--dry-run runs nothing' same "$code$(wc -c <"$FAKE_LOG" | tr -d ' ')" 00
    check '--dry-run writes nothing' no_file "$work/dry"
    check '--dry-run prints' has "$stdout" 'kubectl get pods -A -o yaml'
    check '--dry-run prints what changes the cluster' has "$stdout" 'kubectl debug node/w1'

    run_collect -o nodelogs --only jobs --no-archive --no-logs --node-logs
    check '--node-logs' grep -q 'kubelet.1.: token=<masked:token>' "$work/nodelogs/nodes/worker-1/kubelet.log"
    run_collect -o debugged --only jobs --no-archive --no-logs --node-debug w1
    check '--node-debug: the bundle' same "$(cat "$work/debugged/node-bundles/w1.tar.gz")" 'an archive'
    check '--node-debug: announced' has "$stderr" 'creates a privileged pod on w1'
    check '--node-debug: cleaned up' grep -q '^delete pod node-debugger-w1-abcde' "$FAKE_LOG"
    printf '# hosts\nroot@w1 worker-1\n-oProxyCommand=x\n' >"$work/hosts"
    run_collect -o fanned --only jobs --no-archive --no-logs --nodes-ssh hosts
    check '--nodes-ssh: the bundle' tar -tzf "$work/fanned/node-bundles/worker-1.tar.gz"
    check '--nodes-ssh: an odd host is never asked' has "$(python3 "$manifest" refused "$work/fanned/manifest.jsonl")" 'oProxyCommand'
    ln -s "$here/../../collector/kubectl-coldcase" "$work/kubectl-coldcase"
    # shellcheck disable=SC2086
    check 'the plugin finds its script through a link' same \
        "$(PATH=$fake_path $shell "$work/kubectl-coldcase" --version)$(PATH=$fake_path $shell "$work/kubectl-coldcase" node --version)" \
        "$(printf 'collect.sh 0.1.0collect-node.sh 0.1.0')"
    unset FAKE_CLEAN
}

# run_node ARGS...: collect-node.sh with the tools of node-bin.
run_node() {
    NODE_LOG=$work/argv
    export NODE_LOG
    : >"$NODE_LOG"
    # shellcheck disable=SC2086
    (cd "$work" && PATH=$here/node-bin:$fake_path exec $shell "$collect_node" --root "$work/host" "$@") >"$work/stdout" 2>"$work/stderr"
    code=$?
    stdout=$(cat "$work/stdout")
    stderr=$(cat "$work/stderr")
}

node_suite() {
    mkdir -p "$work/host/etc/kubernetes/pki" "$work/host/proc/sys/net/netfilter" "$work/host/sys/fs/cgroup/kubepods.slice/pod1"
    printf 'KEY MATERIAL\n' | tee "$work/host/etc/kubernetes/pki/apiserver.crt" >"$work/host/etc/kubernetes/pki/apiserver.key"
    printf 'usage_usec 5\nnr_throttled 3\n' >"$work/host/sys/fs/cgroup/kubepods.slice/pod1/cpu.stat"
    printf '11\n' >"$work/host/proc/sys/net/netfilter/nf_conntrack_count"
    printf '22\n' >"$work/host/proc/sys/net/netfilter/nf_conntrack_max"
    run_node -o node --name node-worker-3 --max-bytes 20000
    n=$work/node/nodes/node-worker-3
    check 'node: manifest is valid' python3 "$manifest" valid "$work/node/manifest.jsonl"
    check 'node: every file is told' every_file_is_told "$work/node"
    check 'node: kernel journal' grep -q 'Killed process 2211' "$n/kernel.json"
    check 'node: journals are bounded' grep -q '^journalctl -u kubelet -o json --utc --no-pager --since -24h -n 20000' "$NODE_LOG"
    check 'node: secrets are masked' not grep -r -q hunter2 "$work/node"
    check 'node: conntrack' same "$(cat "$n/conntrack.txt")" "$(printf 'count 11\nmax 22')"
    check 'node: control groups' grep -q 'pod1/cpu.stat:nr_throttled 3' "$n/cgroup.txt"
    check 'node: dates of certificates' grep -q '^notAfter=' "$n/certs.txt"
    check 'node: never a key' not grep -r -q -e 'KEY MATERIAL' -e 'apiserver\.key' "$work/node" "$NODE_LOG"
    check 'node: large output is cut, and told' same "$(value "$work/node/manifest.jsonl" nodes/node-worker-3/nvidia-smi.txt truncated)" true
    check 'node: an absent tool is no failure' has "$(python3 "$manifest" refused "$work/node/manifest.jsonl")" ipvsadm
    check 'node: a failing tool is recorded' grep -q '"crictl","pods".*permission denied' "$work/node/manifest.jsonl"
    check 'node: packed, for its owner alone' same "$(find "$work/node" "$work/node.tar.gz" -perm -040 -o -perm -004)" ''
    run_node --stdout --name w9
    check 'node: --stdout' has "$(tar -tzf "$work/stdout")" node-w9/nodes/w9/kernel.json
    run_node --dry-run --name w9 -o drynode
    check 'node: --dry-run' same "$(grep -c -v help "$NODE_LOG")$(printf '%s\n' "$stdout" | grep -c '^iptables-save')" 01
    check 'node: --dry-run writes nothing' no_file "$work/drynode"
    run_node --name ../x
    check 'node: not a name' same "$code" 2
    NODE_SLEEP=conntrack
    export NODE_SLEEP
    # One tool takes longer than all may: a quick machine would be done before the time is.
    run_node --name w9 -o late --timeout 2 --no-archive --max-time 1
    check 'node: time budget' has "$stderr" 'time of 1 seconds is used up'
    run_node --name w9 -o hang --timeout 1 --no-archive
    check 'node: a hanging tool is ended' grep -q '"conntrack","-S".*"exit":\(124\|143\)' "$work/hang/manifest.jsonl"
    for signal in INT TERM; do
        # shellcheck disable=SC2086
        (cd "$work" && NODE_LOG=$work/argv PATH=$here/node-bin:$fake_path python3 "$here/interrupt.py" $signal "$work/argv" 'conntrack -S' \
            $shell "$collect_node" --root "$work/host" --name w9 -o "node$signal") >"$work/stdout" 2>"$work/stderr"
        check "node: $signal: exit 1" same "$?" 1
        check "node: $signal: packed" tar -tzf "$work/node$signal.tar.gz"
        check "node: $signal: manifest is valid" python3 "$manifest" valid "$work/node$signal/manifest.jsonl"
        check "node: $signal: recorded" grep -q "stopped by signal $signal" "$work/node$signal/manifest.jsonl"
        check "node: $signal: no work files" no_file "$work/node$signal/.collecting"
    done
    unset NODE_SLEEP
}

# Text of the scripts themselves.
scripts() {
    shell=scripts
    # It prints what it finds: a check that breaks passes no script.
    check 'no write verb outside of --node-debug' "$here/writes.sh" "$here"/../../collector/*.sh "$here/../../collector/kubectl-coldcase"
    printf 'kubectl delete pod x\n' >"$work/writing.sh"
    "$here/writes.sh" "$work/writing.sh" >"$work/writing.out"
    check 'a write verb is found' same "$?$(grep -c 'kubectl delete' "$work/writing.out")" 11
    part() { sed -n '/^# >>> the same/,/^# <<<$/p' "$1"; }
    check 'there is a shared part' has "$(part "$collect")" 'write_checksums() ('
    check 'the shared part is the same' same "$(part "$collect")" "$(part "$collect_node")"
    if command -v shellcheck >/dev/null 2>&1; then
        check shellcheck shellcheck "$here"/../../collector/*.sh "$here/../../collector/kubectl-coldcase" \
            "$here/run.sh" "$here/writes.sh" "$here/bin/kubectl" "$here/node-bin/journalctl"
    fi
}

suite() {
    run_collect -o 'a b/c d' -v
    b="$work/a b/c d"
    m=$b/manifest.jsonl
    check 'some failures give exit 1' same "$code" 1
    check 'the next command is printed, quoted' same "$stdout" \
        "collected into 'a b/c d.tar.gz'; next: coldcase analyze 'a b/c d.tar.gz'"
    check 'the failures are listed' has "$stderr" 'cluster/nodes.yaml: Error from server (Forbidden)'
    check 'the list has no control characters' not grep -q "$(printf '\033')" "$work/stderr"
    check 'progress with -v' has "$stderr" "$(printf '\ncluster/deployments.yaml\n')"
    check 'every manifest line is valid' python3 "$manifest" valid "$m"
    check 'every file is in the manifest' every_file_is_told "$b"
    check 'bytes are the sizes' sizes_are_right "$b"
    check 'layout' same "$(layout "$b" | tr '\n' ' ')" "$(tr '\n' ' ' <"$here/layout.txt")"
    check 'nothing is left of the work files' no_file "$b/.collecting"
    check 'every checksum holds' checksums_hold "$b"
    check 'every file has a checksum' same "$(($(wc -l <"$b/checksums.txt") + 1))" "$(layout "$b" | wc -l | tr -d ' ')"
    check 'bundle.yaml: checksums' grep -q '^checksums: sha256$' "$b/bundle.yaml"
    check 'bundle.yaml: the API server tells no date' not grep -q api_server_date "$b/bundle.yaml"
    check 'bundle.yaml' grep -q '^collector: collect.sh [0-9.]*$' "$b/bundle.yaml"
    check 'bundle.yaml: context is escaped' grep -q '^context: "lab \\"one\\" \\\\ zwei"$' "$b/bundle.yaml"
    check 'bundle.yaml: finished' grep -q '^finished_at: "2' "$b/bundle.yaml"
    check 'only the owner can read it' same "$(find "$b" "$b.tar.gz" -perm -040 -o -perm -004)" ''

    check 'refused resource: no file' no_file "$b/cluster/nodes.yaml"
    check 'refused resource: exit' same "$(value "$m" cluster/nodes.yaml exit)" 1
    check 'refused resource: stderr' has "$(value "$m" cluster/nodes.yaml stderr)" 'nodes is forbidden: User \"system:serviceaccount'
    check 'argv as it was run' same "$(value "$m" cluster/nodes.yaml argv)" \
        '["kubectl", "get", "nodes", "-A", "-o", "yaml", "--show-managed-fields", "--request-timeout=30s"]'
    check 'stderr with odd bytes' same "$(value "$m" cluster/leases.yaml stderr)" \
        '"say \"hi\" C:\\dir\ttab\r\nnext \u0001\u001b[31m\u007f caf\u00e9 \ud83d\udd25 bad\ufffd cut\ufffd"'
    check 'long stderr is cut at 2 kB' same "$(value "$m" cluster/configmaps.yaml stderr | awk '{print length($0)}')" 2050
    check 'a warning is no failure' same "$(value "$m" cluster/endpoints.yaml exit)" 0
    check 'absent optional resource is no failure' not has "$stderr" 'gateways.gateway.networking.k8s.io.yaml: error'
    check 'absent optional resource is recorded' has \
        "$(value "$m" cluster/gateways.gateway.networking.k8s.io.yaml stderr)" 'have a resource type'

    check 'previous log' grep -q 'line 4 of web-0' "$b/logs/shop/web-0/app.previous.log"
    check 'absent previous log: no file' no_file "$b/logs/shop/web-1/app.previous.log"
    check 'absent previous log: stderr' has "$(value "$m" logs/shop/web-1/app.previous.log stderr)" 'previous terminated container'
    check 'an empty log is kept' test -f "$b/logs/shop/quiet-0/app.log"
    check 'no log of what never ran' no_file "$b/logs/shop/new-0"
    check 'no previous log without a restart' not grep -q 'logs quiet-0.*--previous' "$FAKE_LOG"
    check 'previous logs whatever their age' not grep -q 'previous.*--since\|--since.*previous' "$FAKE_LOG"
    check 'running containers since' grep -q '^logs web-0 -n shop -c app --since=24h --timestamps --tail=5000 --limit-bytes=10485760' "$FAKE_LOG"
    check 'ended containers whole' grep -q '^logs migrate-x7x -n shop -c migrate --timestamps' "$FAKE_LOG"
    check 'order by perishability' same "$(order "$FAKE_LOG")" 'events events2 pods previous rest logs version readyz '
    check 'failing pods first' same "$(awk '/^logs/ && !/--previous/ {print $2}' "$FAKE_LOG" | awk 'END{print}')" quiet-0

    check 'a silent node is asked twice' same "$(grep -c '^logs lost-0' "$FAKE_LOG")" 2
    check 'a silent node: third log is recorded as not run' has "$(python3 "$manifest" refused "$m")" 'logs lost-0 -n shop -c c'
    check 'hostile pod name is recorded' has "$(python3 "$manifest" refused "$m")" 'logs ../../etc/x'
    check 'hostile pod name is never asked for' not grep -q '^logs \.\.' "$FAKE_LOG"
    check 'hostile namespace is never asked for' not grep -q 'sh op' "$FAKE_LOG"
    check 'nothing outside of the bundle' no_file "$work/a b/etc"

    check 'secret keys' grep -q '^    "password": ""$' "$b/cluster/secrets.yaml"
    check 'secret without data' grep -q '^  data: {}$' "$b/cluster/secrets.yaml"
    check 'no secret value' not grep -r -q aHVudGVyMg "$work/a b"
    check 'only reading verbs' only_reading "$FAKE_LOG"
    check 'rbac.yaml names each resource' rbac_covers "$FAKE_LOG"

    mkdir "$work/unpacked"
    tar -xzf "$b.tar.gz" -C "$work/unpacked"
    check 'the archive holds the same files' diff -r "$b" "$work/unpacked/c d"

    run_collect -o 'a b/c d'
    check 'an existing bundle is not written to' same "$code" 2

    FAKE_CLEAN=1
    export FAKE_CLEAN
    run_collect -o clean --no-archive --tail 5 --since=0 --context=x --kubeconfig "/k 'f" --request-timeout 5s
    check 'no failure gives exit 0' same "$code$stderr" 0
    check '--no-archive' no_file "$work/clean.tar.gz"
    check 'stdout names the directory' same "$stdout" 'collected into clean; next: coldcase analyze clean'
    check 'cut by --tail' same "$(value "$work/clean/manifest.jsonl" logs/shop/web-0/app.log truncated)" true
    check 'not cut' same "$(value "$work/clean/manifest.jsonl" logs/shop/quiet-0/app.log truncated)" false
    check '--since 0' not grep -q -e '--since' "$FAKE_LOG"
    check 'global options reach kubectl' grep -q "^get nodes .*--request-timeout=5s --context=x --kubeconfig=/k 'f\$" "$FAKE_LOG"
    run_collect -o limited --no-archive --limit-bytes 100
    check 'cut by --limit-bytes' same "$(value "$work/limited/manifest.jsonl" logs/shop/web-0/app.log truncated)" true
    run_collect -o nologs --no-logs --no-archive
    check '--no-logs' same "$code$(grep -c -e '^logs' -e 'get pods.*template' "$FAKE_LOG")" 00
    run_collect -o two --no-archive -n shop -n ops -n shop
    check '-n: one file per resource and namespace' test -f "$work/two/cluster/deployments.shop.yaml" -a -f "$work/two/cluster/secrets.ops.yaml"
    check '-n: never all namespaces' same "$(grep -c '^get \(pods\|deployments\|secrets\|events\).* -A' "$FAKE_LOG")" 0
    check '-n: only these Namespace objects' grep -q '^get namespaces shop ops -o yaml' "$FAKE_LOG"
    check '-n: each once' same "$(grep -c '^get deployments -n shop' "$FAKE_LOG")" 1
    FAKE_SECRETS=dump
    export FAKE_SECRETS
    run_collect -o dump
    check 'a failing secrets template leaves no value' not grep -r -q aHVudGVyMg "$work/dump" "$work/stderr"
    check 'a failing secrets template leaves no file' no_file "$work/dump/cluster/secrets.yaml"
    check 'a failing secrets template: stderr withheld' same "$(value "$work/dump/manifest.jsonl" cluster/secrets.yaml stderr)" \
        '"(1 other lines withheld by the collector)\n"'
    check 'a failing secrets template gives exit 1' same "$code" 1
    FAKE_SECRETS=odd
    run_collect -o odd
    check 'an odd answer leaves no value' not grep -r -q aHVudGVyMg "$work/odd" "$work/stderr"
    check 'an odd answer is a failure' same "$code$(value "$work/odd/manifest.jsonl" cluster/secrets.yaml exit)" 11
    unset FAKE_SECRETS

    for case in INT/services TERM/secrets HUP/pods; do
        signal=${case%/*}
        FAKE_SLEEP=${case#*/}
        export FAKE_SLEEP
        began=$(date +%s)
        # Ctrl-C reaches the whole process group; python makes one and sends it.
        # shellcheck disable=SC2086
        (cd "$work" && PATH=$fake_path python3 "$here/interrupt.py" "$signal" "$work/argv" "get $FAKE_SLEEP" \
            $shell "$collect" -o "stop$signal") >"$work/stdout" 2>"$work/stderr"
        code=$?
        check "$signal: at once" test "$(($(date +%s) - began))" -lt 15
        check "$signal: exit 1" same "$code" 1
        check "$signal: manifest is valid" python3 "$manifest" valid "$work/stop$signal/manifest.jsonl"
        check "$signal: nothing is asked after it" same "$(awk 'END {print $2}' "$work/argv")" "$FAKE_SLEEP"
        check "$signal: the command is recorded" has "$(value "$work/stop$signal/manifest.jsonl" "cluster/$FAKE_SLEEP.yaml" stderr)" "stopped by signal $signal"
        check "$signal: finished" grep -q '^finished_at' "$work/stop$signal/bundle.yaml"
        check "$signal: packed" tar -tzf "$work/stop$signal.tar.gz"
        check "$signal: no work files" no_file "$work/stop$signal/.collecting"
        unset FAKE_SLEEP
    done
    # Ctrl-C while a manifest line is being written: a slow od makes the time for it.
    mkdir "$work/slow"
    printf '#!/bin/sh\nsleep 1\nexec %s "$@"\n' "$(PATH=$fake_path command -v od)" >"$work/slow/od"
    chmod +x "$work/slow/od"
    # shellcheck disable=SC2086
    (cd "$work" && PATH=$work/slow:$fake_path python3 "$here/interrupt.py" INT "$work/argv" 'get events' \
        $shell "$collect" -o stopped) >"$work/stdout" 2>"$work/stderr"
    check 'INT while recording: manifest is valid' python3 "$manifest" valid "$work/stopped/manifest.jsonl"
    check 'INT while recording: the line is there' same "$(value "$work/stopped/manifest.jsonl" cluster/events.yaml exit)" 0
    check 'INT while recording: nothing is asked after it' same "$(grep -c '^get [^-]' "$work/argv")" 1
    check 'INT while recording: packed' tar -tzf "$work/stopped.tar.gz"
    unset FAKE_CLEAN

    FAKE_DOWN=1
    export FAKE_DOWN
    run_collect -o down --no-archive
    check 'no API server gives exit 2' same "$code$stdout" 2
    check 'no API server: gives up early' same "$(grep -c '^get' "$FAKE_LOG")" 5
    check 'no API server: recorded' has "$(value "$work/down/manifest.jsonl" cluster/pods.yaml stderr)" 'was refused'
    unset FAKE_DOWN

    for wrong in --nonsense '-n ../x' '-n A' '--since 1d' '--tail 0' '--at-once 0' '--tail -5' '--limit-bytes x' '-o' '-o -x' '-o .' '--since='; do
        # shellcheck disable=SC2086
        run_collect $wrong
        check "usage: $wrong" same "$code$(wc -c <"$FAKE_LOG" | tr -d ' ')" 20
    done
    for wrong in '--also secrets' '--also=secret' '--only secrets' '--only secret' '--also secrets.v1' '--also Secrets'; do
        # shellcheck disable=SC2086
        run_collect $wrong -o asked
        check "Secrets by name only: $wrong" same "$code$(wc -c <"$FAKE_LOG" | tr -d ' ')" 20
    done
    run_collect --help
    check '--help' same "$code" 0
}

# A real kubectl proves that the templates and options are what kubectl takes.
real_kubectl() {
    : >"$work/cert"
    ! command -v openssl >/dev/null 2>&1 || certificate ''
    if [ -s "$work/cert" ]; then set -- "$work/cert"; else set --; fi
    python3 "$here/fake_api.py" "$@" >"$work/port" &
    api=$!
    tries=0
    while [ ! -s "$work/port" ] && [ "$tries" -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    port=$(cat "$work/port")
    cat >"$work/kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
current-context: fake
clusters: [{name: fake, cluster: {server: "http://127.0.0.1:$port"}}]
contexts: [{name: fake, context: {cluster: fake, user: fake}}]
users: [{name: fake, user: {}}]
CONFIG
    HOME=$work dash "$collect" -o "$work/real" --kubeconfig "$work/kubeconfig" >"$work/stdout" 2>"$work/stderr"
    b=$work/real
    m=$b/manifest.jsonl
    check 'manifest is valid' python3 "$manifest" valid "$m"
    check 'pods' grep -q 'name: bare-0' "$b/cluster/pods.yaml"
    check 'readyz' grep -q 'readyz check passed' "$b/cluster/readyz.txt"
    check 'version' grep -q 'gitVersion: v1.36.2' "$b/cluster/version.yaml"
    check 'context' grep -q '^context: "fake"$' "$b/bundle.yaml"
    check 'logs' same "$(layout "$b" | grep '^logs' | tr '\n' ' ')" \
        'logs/shop/web-0/app.log logs/shop/web-0/app.previous.log logs/shop/web-0/debugger.log logs/shop/web-0/init-db.log '
    check 'log options reach the server' grep -q 'limitBytes=10485760.*sinceSeconds=86400.*tailLines=5000.*timestamps=true' "$b/logs/shop/web-0/debugger.log"
    check 'secret keys' grep -q '^    "tls.crt": "" # at most 9 bytes$' "$b/cluster/secrets.yaml"
    check 'secret type' grep -q '^  type: "kubernetes.io/tls"$' "$b/cluster/secrets.yaml"
    check 'no secret value' not grep -r -q aHVudGVyMg "$b"
    check 'the API server tells its date' grep -q '^api_server_date: "20[0-9-]*T[0-9:]*Z"$' "$b/bundle.yaml"
    check 'checksums' checksums_hold "$b"
    check 'only GET' same "$(python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())' "http://127.0.0.1:$port/verbs")" '["GET"]'
    if [ -s "$work/cert" ]; then
        check 'dates of a TLS Secret' grep -q '^notAfter=' "$b/cluster/tls-certificates.txt"
    fi
    mkdir "$work/path"
    ln -s "$here/../../collector/kubectl-coldcase" "$work/path/kubectl-coldcase"
    check 'kubectl coldcase' same "$(PATH=$work/path:$PATH kubectl coldcase --version)" 'collect.sh 0.1.0'

    fault() { python3 -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1])' "http://127.0.0.1:$port/fault/$1/$2"; }
    real() {
        HOME=$work dash "$collect" -o "$work/$1" --kubeconfig "$work/kubeconfig" --only namespaces --no-archive --no-logs --request-timeout 3s >"$work/stdout" 2>"$work/stderr"
        code=$?
        m=$work/$1/manifest.jsonl
    }
    HOME=$work dash "$collect" -o "$work/maps" --kubeconfig "$work/kubeconfig" --only configmaps --no-configmap-data --no-archive --no-logs >"$work/stdout" 2>"$work/stderr"
    check 'ConfigMaps by name: keys' same "$(grep -c -e '^    "app.properties": ""$' -e '^    "logo.png": ""$' -e 'name: "bare"' "$work/maps/cluster/configmaps.yaml")" 3
    check 'ConfigMaps by name: who wrote them when' same \
        "$(grep -c -e 'creationTimestamp: "2026-07-14T02:41:07Z"' -e 'manager: "kubectl-edit"' -e 'time: "2026-07-14T02:44:30Z"' "$work/maps/cluster/configmaps.yaml")" 3
    check 'ConfigMaps by name: no value' not grep -r -q plain-text "$work/maps"
    fault busy 2
    real busy
    check 'too many requests: got in the end' same "$(value "$m" cluster/events.yaml exit)" 0
    fault hang 1
    fault refuse 1000
    real hang
    # Which of its timers fires first decides kubectl's words: "Client.Timeout exceeded" or "context deadline exceeded".
    check 'a hanging call is ended' has "$(value "$m" cluster/events.yaml stderr)" ' exceeded'
    check 'a refused kind is told' has "$(value "$m" cluster/pods.yaml stderr)" 'forbidden'
    check 'after a hanging call and a refused kind the rest is there' test -s "$work/hang/cluster/namespaces.yaml"
    fault refuse 0
    fault die 9
    real dead
    check 'a server that dies: exit 1' same "$code" 1
    check 'a server that dies: manifest is valid' python3 "$manifest" valid "$m"
    check 'a server that dies: what came is kept' test -s "$work/dead/cluster/events.yaml" -o -s "$work/dead/cluster/pods.yaml"
    check 'a server that dies: finished' grep -q '^finished_at' "$work/dead/bundle.yaml"
    kill "$api" 2>/dev/null
    wait "$api" 2>/dev/null
    api=''
}

run_dash() {
    shell=dash
    fake_path=$here/bin:$PATH
    suite
    harmless
    node_suite
}

run_busybox() {
    # With busybox's own utilities, too: python3 is the only thing that is not.
    mkdir "$work/applets"
    for applet in $(busybox --list); do
        ln -s "$(command -v busybox)" "$work/applets/$applet"
    done
    [ -e "$work/applets/busybox" ] || ln -s "$(command -v busybox)" "$work/applets/busybox"
    ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$work/applets/python3"
    shell='busybox sh'
    fake_path=$here/bin:$work/applets
    suite
    harmless
    node_suite
}

run_real() {
    scripts
    shell='real kubectl'
    if command -v kubectl >/dev/null 2>&1 && command -v dash >/dev/null 2>&1; then
        real_kubectl
    else
        printf 'skip  real kubectl: not installed\n'
    fi
}

case ${1-} in
    dash | busybox | real)
        "run_$1"
        printf '%s passed, %s failed\n' "$passed" "$failed"
        [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
        exit
        ;;
esac

# All at once: most of the time goes into waiting.
parts=''
for part in dash busybox; do
    if command -v "$part" >/dev/null 2>&1; then
        parts="$parts $part"
    else
        printf 'skip  %s: not installed\n' "$part"
    fi
done
for part in $parts real; do
    sh "$here/run.sh" "$part" >"$work/$part.out" 2>&1 &
done
wait
for part in $parts real; do
    cat "$work/$part.out"
    end=$(sed -n '$p' "$work/$part.out")
    case $end in
        [1-9]*' passed, '*' failed')
            passed=$((passed + ${end%% *}))
            end=${end#*, }
            failed=$((failed + ${end%% *}))
            ;;
        *) failed=$((failed + 1)) ;;
    esac
done

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
