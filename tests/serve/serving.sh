#!/bin/sh
# Sourced by the scripts beside it: starts `coldcase serve` and ends it again.
# Expects $root (of the project); $coldcase and $work come from settle, or from the caller.

# shellcheck disable=SC2154 # the caller's
serving=''

# begin NAME BUNDLE [FLAG...]: serves a bundle; sets $kubeconfig, $server and $serving.
begin() {
    serving_name=$1
    shift
    kubeconfig=$work/$serving_name.kubeconfig
    rm -f "$kubeconfig"
    "$coldcase" serve "$@" --kubeconfig "$kubeconfig" >"$work/$serving_name.out" 2>"$work/$serving_name.err" &
    serving=$!
    tries=0
    until grep -q '^export KUBECONFIG' "$work/$serving_name.out" 2>/dev/null; do
        if ! kill -0 "$serving" 2>/dev/null || [ "$tries" -gt 1200 ]; then
            cat "$work/$serving_name.err" >&2
            return 1
        fi
        tries=$((tries + 1))
        sleep 0.05
    done
    server=$(sed -n 's,.* on \(http://[0-9.:]*\): .*,\1,p' "$work/$serving_name.out")
    export kubeconfig server
}

end() {
    [ -z "$serving" ] || kill "$serving" 2>/dev/null
    [ -z "$serving" ] || wait "$serving" 2>/dev/null
    serving=''
}

# A binary to test: the one that is named, else the one that the tests have built.
find_coldcase() {
    coldcase=${COLDCASE:-${CARGO_TARGET_DIR:-$root/target}/debug/coldcase}
    if [ ! -x "$coldcase" ]; then
        echo "no binary at $coldcase: build it, or name one in COLDCASE" >&2
        exit 2
    fi
    if ! command -v kubectl >/dev/null 2>&1; then
        echo 'kubectl is not in PATH' >&2
        exit 2
    fi
}

# A binary to test and a directory of the script's own, which is also kubectl's home; all ends with the script.
settle() {
    find_coldcase
    work=$(mktemp -d) || exit 1
    trap 'end; rm -rf "$work"' EXIT
    trap 'exit 1' INT TERM
    HOME=$work
    export HOME
}
