//! Tests of rows of every kind: what they say, and where.

use super::*;
use crate::node::Node;

fn objects(command: &str, text: &str) -> Found {
    let argv: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let request = Request {
        command: Kubectl::parse(&argv),
        ..Request::default()
    };
    let context = Context {
        now: crate::stamp::rfc3339("2026-01-01T12:00:00Z"),
        ..Context::default()
    };
    let mut found = Found::default();
    read(text, 1, &request, &context, &mut found);
    found
}

fn first(command: &str, text: &str) -> Node {
    objects(command, text).objects.into_iter().next().unwrap()
}

#[track_caller]
fn says(object: &Node, fields: &[(&str, &str)]) {
    for (path, expected) in fields {
        let sign = if path.contains('|') { '|' } else { '.' };
        let keys: Vec<&str> = path.split(sign).collect();
        let node = keys
            .iter()
            .try_fold(object, |node, key| match key.parse::<usize>() {
                Ok(at) => node.items().get(at),
                Err(_) => node.get(key),
            });
        let node = node.unwrap_or_else(|| panic!("{path} is missing in {object:?}"));
        let found = if node.is_null() {
            "null"
        } else {
            node.as_str().unwrap_or("?")
        };
        assert_eq!(found, *expected, "{path}");
    }
}

#[test]
fn pods() {
    let found = objects(
        "kubectl get po -n shop -o wide --show-labels",
        "NAME   READY   STATUS             RESTARTS        AGE   IP          NODE     NOMINATED NODE   READINESS GATES   LABELS\n\
         a      0/1     CrashLoopBackOff   5 (3m12s ago)   2h    10.0.0.7    n1       <none>           <none>            app=a,x/y=z\n\
         b      0/2     Pending            0               5m1s  <none>      <none>   <none>           <none>            <none>\n",
    );
    says(
        &found.objects[0],
        &[
            ("kind", "Pod"),
            ("metadata.name", "a"),
            ("metadata.namespace", "shop"),
            ("metadata.creationTimestamp", "2026-01-01T10:00:00Z"),
            ("metadata.labels.app", "a"),
            ("metadata.labels.x/y", "z"),
            ("ageSeconds", "7200"),
            ("ageUnitSeconds", "3600"),
            ("status.phase", "Running"),
            ("status.podIP", "10.0.0.7"),
            ("spec.nodeName", "n1"),
            ("status.nominatedNodeName", "null"),
            ("table.ready", "0"),
            ("table.containers", "1"),
            ("table.status", "CrashLoopBackOff"),
            ("table.restarts", "5"),
            ("table.lastRestart", "2026-01-01T11:56:48Z"),
        ],
    );
    says(
        &found.objects[1],
        &[
            ("spec.nodeName", "null"),
            ("status.podIP", "null"),
            ("metadata.labels", "null"),
            ("status.phase", "Pending"),
        ],
    );
    assert_eq!(found.objects[1].line, 3);
    assert_eq!(
        found.lists,
        [Listed {
            kind: "Pod".into(),
            namespace: Some("shop".into())
        }]
    );
}

#[test]
fn nodes() {
    let found = objects(
        "kubectl get nodes -owide -n ignored",
        "NAME   STATUS                        ROLES           AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION   CONTAINER-RUNTIME\n\
         m      Ready,SchedulingDisabled      control-plane   3d    v1.33.1   10.0.0.1      <none>        Ubuntu 22.04.5 LTS   5.15.0           containerd://1.7\n\
         w      NotReady                      <none>          3d    v1.33.1   10.0.0.2      <none>        Ubuntu 22.04.5 LTS   5.15.0           containerd://1.7\n",
    );
    says(
        &found.objects[0],
        &[
            ("status.conditions.0.status", "True"),
            ("spec.unschedulable", "true"),
            ("status.nodeInfo.kubeletVersion", "v1.33.1"),
            ("status.nodeInfo.osImage", "Ubuntu 22.04.5 LTS"),
            ("status.addresses.0.address", "10.0.0.1"),
            ("table.roles", "control-plane"),
        ],
    );
    says(
        &found.objects[1],
        &[("spec.unschedulable", "null"), ("table.status", "NotReady")],
    );
    assert!(
        found.objects[1]
            .at(&["status", "conditions"])
            .unwrap()
            .items()[0]
            .get("status")
            .is_none()
    );
    assert!(found.objects[0].at(&["metadata", "namespace"]).is_none());
    assert_eq!(
        found.lists,
        [Listed {
            kind: "Node".into(),
            namespace: None
        }]
    );
}

#[test]
fn workloads() {
    let wide = "NAME   READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES        SELECTOR\n\
                web    1/3     2            1           9d    app,side     r:5/a:1,b:2   app=web,tier in (x,y)\n";
    says(
        &first("kubectl get deploy -n s -o wide", wide),
        &[
            ("spec.replicas", "3"),
            ("status.readyReplicas", "1"),
            ("status.updatedReplicas", "2"),
            ("status.availableReplicas", "1"),
            ("spec.template.spec.containers.1.image", "b:2"),
            ("spec.template.spec.containers.0.name", "app"),
            ("spec.selector.matchLabels.app", "web"),
            ("spec.selector.matchExpressions.0.operator", "In"),
        ],
    );
    says(
        &first(
            "kubectl get rs",
            "NAME   DESIRED   CURRENT   READY   AGE\nw-1    3         2         1       9d\n",
        ),
        &[
            ("spec.replicas", "3"),
            ("status.replicas", "2"),
            ("status.readyReplicas", "1"),
        ],
    );
    says(
        &first(
            "kubectl get ds -A",
            "NAMESPACE   NAME   DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR            AGE\nks          p      3         3         2       3            2           kubernetes.io/os=linux   9d\n",
        ),
        &[
            ("metadata.namespace", "ks"),
            ("status.desiredNumberScheduled", "3"),
            ("status.numberReady", "2"),
            ("spec|template|spec|nodeSelector|kubernetes.io/os", "linux"),
        ],
    );
    says(
        &first(
            "kubectl get jobs",
            "NAME   STATUS   COMPLETIONS   DURATION   AGE\nj      Failed   0/1           10m        10m\n",
        ),
        &[
            ("status.succeeded", "0"),
            ("spec.completions", "1"),
            ("status.conditions.0.type", "Failed"),
        ],
    );
    says(
        &first(
            "kubectl get cj",
            "NAME   SCHEDULE      TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE\nc      */2 * * * *   <none>     False     1        60s             12m\n",
        ),
        &[
            ("spec.schedule", "*/2 * * * *"),
            ("spec.timeZone", "null"),
            ("spec.suspend", "false"),
            ("status.lastScheduleTime", "2026-01-01T11:59:00Z"),
        ],
    );
    says(
        &first(
            "kubectl get hpa",
            "NAME   REFERENCE        TARGETS                          MINPODS   MAXPODS   REPLICAS   AGE\nh      Deployment/web   cpu: 91%/80%, memory: <unknown>/70%   1         5         2          10m\n",
        ),
        &[
            ("spec.scaleTargetRef.name", "web"),
            ("spec.maxReplicas", "5"),
            ("status.currentReplicas", "2"),
            ("spec.metrics.1.resource.target.averageUtilization", "70"),
            (
                "status.currentMetrics.0.resource.current.averageUtilization",
                "91",
            ),
        ],
    );
    says(
        &first(
            "kubectl get pdb",
            "NAME   MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE\nb      1               N/A               0                     10m\n",
        ),
        &[
            ("spec.minAvailable", "1"),
            ("spec.maxUnavailable", "null"),
            ("status.disruptionsAllowed", "0"),
        ],
    );
}

#[test]
fn network() {
    let services = objects(
        "kubectl get svc -o wide",
        "NAME   TYPE           CLUSTER-IP   EXTERNAL-IP   PORT(S)                  AGE   SELECTOR\n\
         a      LoadBalancer   10.9.0.1     <pending>     80:30080/TCP,53/UDP      9d    app=a\n\
         b      ClusterIP      None         <none>        <none>                   9d    <none>\n\
         c      ExternalName   <none>       x.org         <none>                   9d    <none>\n",
    );
    says(
        &services.objects[0],
        &[
            ("spec.ports.0.nodePort", "30080"),
            ("spec.ports.1.port", "53"),
            ("spec.ports.1.protocol", "UDP"),
            ("status.loadBalancer.ingress", "null"),
            ("spec.selector.app", "a"),
        ],
    );
    says(
        &services.objects[1],
        &[
            ("spec.clusterIP", "None"),
            ("spec.selector", "null"),
            ("spec.ports", "null"),
        ],
    );
    says(&services.objects[2], &[("spec.externalName", "x.org")]);
    let endpoints = objects(
        "kubectl get ep",
        "NAME   ENDPOINTS                                               AGE\n\
         a      10.0.0.1:80,10.0.0.2:80,10.0.0.1:443 + 1 more...        9d\n\
         b      <none>                                                  9d\n\
         c                                                              9d\n",
    );
    says(
        &endpoints.objects[0],
        &[
            ("subsets.0.addresses.1.ip", "10.0.0.2"),
            ("subsets.1.ports.0.port", "443"),
            ("table.endpoints", "4"),
            ("table.more", "true"),
        ],
    );
    says(&endpoints.objects[1], &[("subsets", "null")]);
    says(
        &endpoints.objects[2],
        &[("subsets.0.addresses", "null"), ("table.endpoints", "0")],
    );
    says(
        &first(
            "kubectl get endpointslices",
            "NAME   ADDRESSTYPE   PORTS     ENDPOINTS           AGE\na-1    IPv4          80,443    10.0.0.1,10.0.0.2   9d\n",
        ),
        &[
            ("endpoints.1.addresses.0", "10.0.0.2"),
            ("ports.1.port", "443"),
        ],
    );
    says(
        &first(
            "kubectl get ing",
            "NAME   CLASS   HOSTS       ADDRESS   PORTS   AGE\ni      nginx   a.org,b.io            80      9d\n",
        ),
        &[
            ("spec.ingressClassName", "nginx"),
            ("spec.rules.1.host", "b.io"),
            ("status.loadBalancer.ingress", "null"),
            ("spec.tls", "null"),
        ],
    );
    let policies = objects(
        "kubectl get netpol",
        "NAME   POD-SELECTOR   AGE\nd      <none>         9d\ne      app=x          9d\n",
    );
    assert!(
        policies.objects[0]
            .at(&["spec", "podSelector"])
            .unwrap()
            .entries()
            .is_empty()
    );
    says(
        &policies.objects[1],
        &[("spec.podSelector.matchLabels.app", "x")],
    );
}

#[test]
fn storage_and_the_rest() {
    let claims = objects(
        "kubectl get pvc -n s",
        "NAME   STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE\n\
         a      Bound     pv-1     1Gi        RWO,RWX        fast           <unset>                 101s\n\
         b      Pending                                                     <unset>                 101s\n",
    );
    says(
        &claims.objects[0],
        &[
            ("status.phase", "Bound"),
            ("spec.volumeName", "pv-1"),
            ("status.accessModes.1", "ReadWriteMany"),
            ("spec.storageClassName", "fast"),
        ],
    );
    says(
        &claims.objects[1],
        &[
            ("spec.volumeName", "null"),
            ("spec.storageClassName", "null"),
            ("status.phase", "Pending"),
        ],
    );
    says(
        &first(
            "kubectl get pv",
            "NAME   CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS   CLAIM   STORAGECLASS   REASON   AGE\np      1Gi        RWO            Retain           Bound    s/a                             9d\n",
        ),
        &[
            ("spec.claimRef.namespace", "s"),
            ("spec.persistentVolumeReclaimPolicy", "Retain"),
            ("status.phase", "Bound"),
        ],
    );
    let classes = objects(
        "kubectl get sc",
        "NAME                 PROVISIONER   RECLAIMPOLICY   VOLUMEBINDINGMODE      ALLOWVOLUMEEXPANSION   AGE\n\
         standard (default)   x.io/p        Delete          WaitForFirstConsumer   false                  39d\n\
         slow                 x.io/p        Delete          Immediate              true                   39d\n",
    );
    says(
        &classes.objects[0],
        &[
            ("metadata.name", "standard"),
            ("provisioner", "x.io/p"),
            ("allowVolumeExpansion", "false"),
        ],
    );
    let default = |at: usize| {
        let annotations = classes.objects[at]
            .at(&["metadata", "annotations"])
            .unwrap();
        annotations
            .get("storageclass.kubernetes.io/is-default-class")
            .unwrap()
            .as_str()
    };
    assert_eq!((default(0), default(1)), (Some("true"), None));
    let quota = first(
        "kubectl get quota",
        "NAME   AGE    REQUEST                               LIMIT\nq      113s   pods: 3/10, requests.cpu: 1500m/2   limits.cpu: 4/4\n",
    );
    let part = |path: &[&str]| quota.str_at(path).unwrap().to_owned();
    assert_eq!(part(&["status", "used", "requests.cpu"]), "1500m");
    assert_eq!(part(&["spec", "hard", "limits.cpu"]), "4");
    says(
        &first(
            "kubectl get apiservices",
            "NAME                     SERVICE               AVAILABLE                  AGE\nv1beta1.metrics.k8s.io   kube-system/metrics   False (MissingEndpoints)   9d\n",
        ),
        &[
            ("metadata.name", "v1beta1.metrics.k8s.io"),
            ("spec.service.name", "metrics"),
            ("status.conditions.0.status", "False"),
            ("status.conditions.0.reason", "MissingEndpoints"),
        ],
    );
    says(
        &first(
            "kubectl get cs",
            "NAME     STATUS      MESSAGE   ERROR\netcd-0   Unhealthy   x refused   y\n",
        ),
        &[("conditions.0.status", "False")],
    );
    says(
        &first(
            "kubectl get limits -n s",
            "NAME   CREATED AT\nl      2026-01-01T00:00:00Z\n",
        ),
        &[
            ("kind", "LimitRange"),
            ("metadata.creationTimestamp", "2026-01-01T00:00:00Z"),
        ],
    );
    says(
        &first("kubectl get cm", "NAME   DATA   AGE\nc      2      9d\n"),
        &[("table.data", "2")],
    );
    says(
        &first(
            "kubectl get virtualservices",
            "NAME   GATEWAYS   AGE\nv      [x]        9d\n",
        ),
        &[("kind", "virtualservices"), ("metadata.name", "v")],
    );
}

#[test]
fn several_tables_and_incomplete_answers() {
    let all = "NAME        READY   STATUS    RESTARTS   AGE\npod/a       1/1     Running   0          9d\n\n\
               NAME                    READY   UP-TO-DATE   AVAILABLE   AGE\ndeployment.apps/w       1/1     1            1           9d\n";
    let found = objects("kubectl get all -n s", all);
    let kinds: Vec<_> = found
        .objects
        .iter()
        .map(|object| object.str_at(&["kind"]).unwrap())
        .collect();
    assert_eq!(kinds, ["Pod", "Deployment"]);
    assert_eq!(found.lists.len(), resource::ALL.len());
    let table = "NAME   READY   STATUS    RESTARTS   AGE\na      1/1     Running   0          9d\n";
    for command in [
        "kubectl get pods -n s -l app=x",
        "kubectl get pods a -n s",
        "kubectl get pod/a -n s",
        "kubectl get pods -n s --field-selector=spec.nodeName=x",
        "kubectl get pods",
    ] {
        let found = objects(command, table);
        assert_eq!(
            (found.objects.len(), found.lists.len()),
            (1, 0),
            "{command}"
        );
    }
    assert!(
        objects("kubectl get pods -n s", &format!("{table}...\n"))
            .lists
            .is_empty()
    );
    let none = objects(
        "kubectl get pods",
        "No resources found in shop namespace.\n",
    );
    assert_eq!(
        none.lists,
        [Listed {
            kind: "Pod".into(),
            namespace: Some("shop".into())
        }]
    );
    let watched = "NAME   READY   STATUS    RESTARTS   AGE\na      0/1     Pending   0          1s\na      1/1     Running   0          3s\n";
    let watched = objects("kubectl get pods -w -n s", watched);
    says(&watched.objects[0], &[("status.phase", "Running")]);
    assert_eq!(watched.objects.len(), 1);
}

#[test]
fn columns_of_the_users_own() {
    let found = objects(
        "kubectl get pods -n s -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName,IMG:.spec.containers[*].image",
        "POD   NODE     IMG\na     <none>   x:1\n",
    );
    says(
        &found.objects[0],
        &[
            ("kind", "Pod"),
            ("metadata.name", "a"),
            ("spec.nodeName", "null"),
            ("metadata.namespace", "s"),
        ],
    );
    let labels = "NAME   READY   STATUS    RESTARTS   AGE   APP   TIER\na      1/1     Running   0          9d    web   \n";
    says(
        &first("kubectl get pods -L app,x.io/tier", labels),
        &[
            ("metadata.labels.app", "web"),
            ("metadata|labels|x.io/tier", "null"),
        ],
    );
}

#[test]
fn events() {
    let found = objects(
        "kubectl get events -n s",
        "LAST SEEN             TYPE      REASON    OBJECT     MESSAGE\n\
         3m49s (x7 over 10m)   Warning   BackOff   pod/a      Back-off  restarting\n\
         2m                    Normal    X         node/n1    first line\nsecond line\n",
    );
    says(
        &found.objects[0],
        &[
            ("kind", "Event"),
            ("involvedObject.kind", "Pod"),
            ("involvedObject.name", "a"),
            ("involvedObject.namespace", "s"),
            ("count", "7"),
            ("ageSeconds", "229"),
            ("firstAgeSeconds", "600"),
            ("lastTimestamp", "2026-01-01T11:56:11Z"),
            ("firstTimestamp", "2026-01-01T11:50:00Z"),
            ("message", "Back-off  restarting"),
        ],
    );
    says(
        &found.objects[1],
        &[
            ("involvedObject.kind", "Node"),
            ("involvedObject.namespace", "null"),
            ("message", "first line\nsecond line"),
            ("firstAgeSeconds", "120"),
        ],
    );
    assert_eq!(
        found.lists,
        [Listed {
            kind: "Event".into(),
            namespace: Some("s".into())
        }]
    );
    let wide = objects(
        "kubectl get ev -A -o wide",
        "NAMESPACE   LAST SEEN   TYPE     REASON   OBJECT   SUBOBJECT             SOURCE        MESSAGE   FIRST SEEN   COUNT   NAME\n\
         s           2m          Normal   Pulled   pod/a    spec.containers{c}    kubelet, n1   done      9m           4       a.17\n",
    );
    says(
        &wide.objects[0],
        &[
            ("metadata.name", "a.17"),
            ("involvedObject.fieldPath", "spec.containers{c}"),
            ("source.component", "kubelet"),
            ("source.host", "n1"),
            ("count", "4"),
            ("firstAgeSeconds", "540"),
        ],
    );
}

#[test]
fn usages() {
    let pods = objects(
        "kubectl top pods -n s",
        "NAME   CPU(cores)   MEMORY(bytes)\na      5m           40Mi\n",
    );
    says(
        &pods.objects[0],
        &[
            ("kind", "PodMetrics"),
            ("usage.cpu", "5m"),
            ("usage.memory", "40Mi"),
            ("metadata.namespace", "s"),
        ],
    );
    let nodes = objects(
        "kubectl top no",
        "NAME   CPU(cores)   CPU%   MEMORY(bytes)   MEMORY%\nn      250m         12%    1024Mi          50%\n",
    );
    says(
        &nodes.objects[0],
        &[
            ("kind", "NodeMetrics"),
            ("usage.cpu", "250m"),
            ("table.memoryPercent", "50"),
        ],
    );
    let each = objects(
        "kubectl top pod -n s --containers",
        "POD   NAME   CPU(cores)   MEMORY(bytes)\na     x      5m           40Mi\na     y      1m           4Mi\n",
    );
    assert_eq!(each.objects.len(), 1);
    says(
        &each.objects[0],
        &[
            ("containers.1.name", "y"),
            ("containers.1.usage.memory", "4Mi"),
        ],
    );
    assert!(pods.lists.is_empty());
}

proptest::proptest! {
    #[test]
    fn any_table_is_safe(text in "(NAME|READY|STATUS|AGE|ENDPOINTS|CPU\\(cores\\)|LAST SEEN|OBJECT|REASON|[a-z0-9/ \\n<>(),=é]){0,80}") {
        for kind in ["pods", "no", "svc", "ep", "ing", "quota", "hpa", "events", "sc", "all"] {
            let _ = objects(&format!("kubectl get {kind} -n s"), &text);
        }
    }
}

#[test]
fn a_table_without_end_is_cut_and_says_so() {
    let rows = "p   1/1     Running   0          1d\n".repeat(MAX_OBJECTS + 5);
    let text = format!("NAME   READY   STATUS   RESTARTS   AGE\n{rows}");
    let mut found = Found::default();
    read(
        &text,
        1,
        &Request::default(),
        &Context::default(),
        &mut found,
    );
    assert_eq!(found.objects.len(), MAX_OBJECTS);
    let line = u32::try_from(MAX_OBJECTS + 2).unwrap();
    assert_eq!(found.problems[0].0, line);
    assert_eq!(found.cut, [("Pod".to_owned(), line)]);
    assert!(found.lists.is_empty());
}
