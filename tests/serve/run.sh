#!/bin/sh
# Runs a real kubectl against `coldcase serve` on a sample and checks what it sees.
# Prints a line per check; exit 1 if one failed.  Needs kubectl and python3.

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd) || exit 1
root=$(cd "$here/../.." && pwd) || exit 1
# shellcheck source=tests/serve/serving.sh
. "$here/serving.sh"
settle
sample=$root/samples/i01-kube-proxy-oom
passed=0
failed=0

# check WHAT COMMAND...: passes if COMMAND succeeds.
check() {
    label=$1
    shift
    if "$@" >"$work/check.out" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    %s\n' "$label"
    else
        failed=$((failed + 1))
        printf 'FAIL  %s\n' "$label"
        sed 's/^/      /' "$work/check.out" | head -20
    fi
}

# k ARG...: kubectl against what is served; sets $code and leaves $work/k.out and $work/k.err.
k() {
    kubectl --kubeconfig "$kubeconfig" "$@" >"$work/k.out" 2>"$work/k.err"
    code=$?
    return "$code"
}
says() { grep -q -e "$1" "$work/k.out" || { cat "$work/k.out" "$work/k.err"; return 1; }; }
complains() {
    if [ "$code" -eq 0 ] || ! grep -q -e "$1" "$work/k.err"; then
        echo "exit $code"
        cat "$work/k.err"
        return 1
    fi
}
same() { [ "$1" = "$2" ] || { printf 'got:    %s\nwanted: %s\n' "$1" "$2"; return 1; }; }
lines() { wc -l <"$work/k.out" | tr -d ' '; }
# shellcheck disable=SC2317 # run by name
unlike() { ! grep -q -e "$1" "$work/k.out"; }

# The list that kubectl prints is the one in the bundle, but for the list's own resource version.
same_list() {
    k get "$1" -A -o yaml --show-managed-fields
    sed '/^kind: List$/,$d' "$work/k.out" >"$work/got"
    sed '/^kind: List$/,$d' "$2" >"$work/wanted"
    diff "$work/wanted" "$work/got"
}

begin main "$sample" || exit 1

k version
check 'version' says 'Server Version:.*v1.31'
k api-resources --no-headers
check 'api-resources' says '^pods  *po  *v1  *true  *Pod *$'
check 'api-resources of groups' says '^deployments  *deploy  *apps/v1  *true  *Deployment$'

for kind in pods services deployments events events.events.k8s.io replicasets leases networkpolicies; do
    check "$kind are the captured ones" same_list "$kind" "$sample/cluster/$kind.yaml"
done
pods=$(grep -c '^  kind: Pod$' "$sample/cluster/pods.yaml")
k get pods -A --no-headers
check 'get pods -A' same "$(lines)" "$pods"
k get pods -A --no-headers --chunk-size=2
check 'pages of two' same "$(lines)" "$pods"
k get pods -n payments
check 'the status that kubectl shows' says '^payment-service-7f8b9c4d5-x2k9m  *0/1  *CrashLoopBackOff  *[0-9]* (.* ago)'
k get pods -n payments -o wide --show-labels
check 'wide' says 'node-worker-3  *<none>  *<none>  *app=payment-service'
k get pods -n payments -l app=postgres -o name
check 'label selector' same "$(cat "$work/k.out")" pod/postgres-0
k get pods -A --field-selector=spec.nodeName=node-worker-3,status.phase!=Succeeded -o jsonpath='{range .items[*]}{.spec.nodeName}{"\n"}{end}'
check 'field selector' same "$(sort -u "$work/k.out")" node-worker-3
k get events -A --sort-by=.lastTimestamp
check 'sorted events' says 'LAST SEEN'
k get events -n payments --field-selector=involvedObject.name=payment-service-7f8b9c4d5-x2k9m --no-headers
check 'events of an object' says 'pod/payment-service-7f8b9c4d5-x2k9m'
k get all -n payments
check 'get all' says '^deployment.apps/payment-service'
k get nodes,ns,cm,secrets,pvc,ingress -A
check 'several kinds' says '^node/node-worker-3'
k get deployment payment-service -n payments -o go-template='{{.spec.replicas}}'
check 'go-template' same "$(cat "$work/k.out")" 4
k describe pod payment-service-7f8b9c4d5-x2k9m -n payments
check 'describe a pod with its events' says '^Events:'
check 'describe: state' says 'CrashLoopBackOff'
k describe node node-worker-3
check 'describe a node' says '^Non-terminated Pods:'
k describe service payment-service -n payments
check 'describe a service' says '^Endpoints:'
k rollout history deployment/payment-service -n payments
check 'rollout history' says '^REVISION'

log=$sample/logs/payments/payment-service-7f8b9c4d5-x2k9m/app.previous.log
k logs payment-service-7f8b9c4d5-x2k9m -n payments -c app --previous --timestamps
check 'logs --previous --timestamps' cmp "$work/k.out" "$log"
k logs payment-service-7f8b9c4d5-x2k9m -n payments --previous --tail=2
check 'logs --tail without stamps' same "$(cat "$work/k.out")" "$(tail -n 2 "$log" | sed 's/^[^ ]* //')"
k logs payment-service-7f8b9c4d5-x2k9m -n payments --previous --limit-bytes=100
check 'logs --limit-bytes' same "$(wc -c <"$work/k.out" | tr -d ' ')" 100
k logs -f postgres-0 -n payments
check 'logs -f ends' same "$code" 0
k logs postgres-0 -n payments --previous
check 'a log that there was not' complains 'not found'

k get pods absent -n payments
check 'an object that there was not' complains '(NotFound): pods "absent" not found'
k get clusterroles --ignore-not-found
check 'what was not captured is no empty list' complains 'clusterroles.rbac.authorization.k8s.io: not captured in this bundle'
k top pods
check 'top fails' complains 'Metrics API not available'
k auth can-i list pods
check 'can-i list' says yes
k auth can-i delete pods
check 'can-i delete' unlike yes
k delete pod postgres-0 -n payments --wait=false
check 'nothing is deleted' complains 'not a cluster: DELETE is not possible'
k scale deployment payment-service -n payments --replicas=0
check 'nothing is scaled' complains .
k annotate pod postgres-0 -n payments a=b
check 'nothing is patched' complains 'PATCH is not possible'
k exec postgres-0 -n payments -- true
check 'nothing is run' complains .
k get pods -n payments -w --no-headers --request-timeout=1s
check 'a watch says what there is and stays open' same "$(lines)" "$(grep -c '^    namespace: payments$' "$sample/cluster/pods.yaml")"
k wait --for=condition=Ready pod/postgres-0 -n payments --timeout=5s
check 'wait' says 'condition met'
end

begin refused "$root/samples/i06-volume-permission-denied" || exit 1
k get validatingwebhookconfigurations
check 'what was refused is forbidden' complains 'Forbidden.*not captured in this bundle, the API server refused'
end

# Faults.
begin faults "$sample" --refuse secret --fail deploy=500 --hang nodes || exit 1
k get secrets -A
check '--refuse' complains '(Forbidden)'
k get deployments -A
check '--fail' complains '(InternalError): failed on demand'
k get nodes --request-timeout=1s
check '--hang' complains 'imeout\|deadline exceeded'
k get services -A
check 'the others are answered' same "$code" 0
end
begin busy "$sample" --busy 2 --slow 50 || exit 1
k get pods -A
check '--busy: kubectl asks again' same "$code" 0
end
begin dying "$sample" --die-after 1 || exit 1
k get pods -A
check '--die-after: before' same "$code" 0
k get pods -A
check '--die-after: then' complains .
wait "$serving"
check '--die-after: it has ended' same "$?" 0
serving=''

# Arguments that are refused.
check 'other machines are kept out' sh -c "'$coldcase' serve '$sample' --listen 0.0.0.0:0 2>&1 | grep -q allow-remote"
printf 'apiVersion: v1\n' >"$work/mine"
check 'a kubeconfig of somebody else stays' sh -c "'$coldcase' serve '$sample' --kubeconfig '$work/mine' 2>&1 | grep -q 'not written by this command'"

begin hostile "$sample" || exit 1
check 'hostile requests' python3 "$here/hostile.py" "$server"
k get ns
check 'and it still answers' same "$code" 0
end

printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
