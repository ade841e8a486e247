#!/bin/sh
# Captures a served bundle of many pods with a real kubectl and collect.sh, and prints the largest
# memory that the collector and all that it runs took together, beside that of the server.
#
#   large.sh [PODS [FLAG OF collect.sh...]]       5000 pods by default
#
# LARGE_BUNDLE names a bundle that is there already.  Logs of thousands of pods take long, one kubectl
# each; `large.sh 5000 --no-logs` looks at the lists alone, which is where the memory goes.

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=$(cd "$here/../.." && pwd) || exit 1
# shellcheck source=tests/serve/serving.sh
. "$here/serving.sh"
settle
pods=${1:-5000}
[ "$#" -eq 0 ] || shift
large=${LARGE_BUNDLE:-}
if [ -z "$large" ]; then
    large=$work/large
    (cd "$root" && cargo xtask gen-bundle --pods "$pods" --managed-fields -o "$large") >"$work/gen.out" 2>&1 || {
        cat "$work/gen.out"
        exit 1
    }
fi
printf 'bundle of %s pods: %s kB\n' "$pods" "$(du -sk "$large" | cut -f1)"
begin large "$large" || exit 1
cat "$work/large.out"
python3 "$here/peak.py" "$serving" sh "$root/collector/collect.sh" --kubeconfig "$kubeconfig" \
    -o "$work/again" --no-archive --max-time "${LARGE_SECONDS:-600}" "$@" 2>"$work/collect.err"
tail -n 3 "$work/collect.err"
printf 'captured again: %s kB, %s commands, %s pods\n' "$(du -sk "$work/again" | cut -f1)" \
    "$(wc -l <"$work/again/manifest.jsonl" | tr -d ' ')" \
    "$(cat "$work/again/cluster"/pods*.yaml | grep -c '^  kind: Pod$')"
