#!/bin/sh
# Serves every sample, captures it again with a real kubectl and collect.sh, and checks that the
# new bundle tells the same story: verdict, first cause, its subject.
#
#   roundtrip.sh [SAMPLE...]
#
# Files of nodes do not come through an API server; the sample's own are laid beside the new capture,
# as collect-node.sh would bring them (column "nodes").  The collector's clock is set back to the
# sample's capture, because "now" of a bundle is the collector's clock.
# Two samples at a time.  Needs kubectl and python3.

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=$(cd "$here/../.." && pwd) || exit 1
# shellcheck source=tests/serve/serving.sh
. "$here/serving.sh"
find_coldcase

# one SAMPLE: prints its row of the table.
one() {
    sample=$root/samples/$1
    work=$ROUNDTRIP_WORK/$1
    mkdir -p "$work/bin" "$work/home"
    HOME=$work/home
    export HOME
    start=$(date +%s)
    "$coldcase" analyze "$sample" -q -o "$work/direct.json" >/dev/null 2>"$work/direct.err"
    captured=$(python3 "$here/compare.py" captured "$work/direct.json")
    real=$(command -v date)
    {
        printf '#!/bin/sh\n'
        # shellcheck disable=SC2016 # for the shim
        printf 'exec %s -d "@$(($(%s +%%s) - %s))" "$@"\n' "$real" "$real" "$((start - captured))"
    } >"$work/bin/date"
    chmod +x "$work/bin/date"
    begin served "$sample" || return
    PATH=$work/bin:$PATH sh "$root/collector/collect.sh" --kubeconfig "$kubeconfig" -o "$work/again" --no-archive \
        >"$work/collect.out" 2>"$work/collect.err"
    end
    nodes=none
    if [ -d "$sample/nodes" ]; then
        cp -R "$sample/nodes" "$work/again/nodes"
        nodes=copied
    fi
    "$coldcase" analyze "$work/again" -q -o "$work/again.json" >/dev/null 2>"$work/again.err"
    python3 "$here/compare.py" row "$1" "$sample/truth.yaml" "$work/direct.json" "$work/again.json" \
        "$nodes" "$(wc -l <"$work/again/manifest.jsonl" | tr -d ' ')" "$(($(date +%s) - start))" >"$work/row"
    cat "$work/row"
    [ -n "${ROUNDTRIP_KEEP:-}" ] || rm -rf "${work:?}/again" "${work:?}/home"
}

if [ "${1:-}" = --one ]; then
    one "$2"
    exit 0
fi

ROUNDTRIP_WORK=$(mktemp -d) || exit 1
export ROUNDTRIP_WORK
trap '[ -n "${ROUNDTRIP_KEEP:-}" ] || rm -rf "$ROUNDTRIP_WORK"' EXIT
trap 'exit 1' INT TERM
# shellcheck disable=SC2046 # names without blanks
[ "$#" -gt 0 ] || set -- $(cd "$root/samples" && ls -d i[0-9]* n[0-9]*)
begun=$(date +%s)
python3 "$here/compare.py" head
printf '%s\n' "$@" | xargs -n 1 -P 2 "$0" --one
right=$(cat "$ROUNDTRIP_WORK"/*/row | grep -c ' same *$')
printf '%s of %s tell the same; %s s\n' "$right" "$#" "$(($(date +%s) - begun))"
[ "$right" -eq "$#" ]
