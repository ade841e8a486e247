//! Ports of Services that lead to no port of their pods: by number, by name, or by protocol.

use std::collections::BTreeSet;

use coldcase_snapshot::{
    node::Node,
    packed::{Items, View},
};
use rayon::prelude::*;

use crate::{Cite, Entity, EntityId, Facts, PodHealth, manifest};

/// Derives `PortMiss` entities.
pub(crate) fn derive(facts: &mut Facts<'_>) {
    let all: &Facts<'_> = facts;
    let made: Vec<Entity<'_>> = all
        .of_kind("Service")
        .par_iter()
        .flat_map_iter(|service| of_service(all, *service))
        .collect();
    for miss in made {
        let about = miss.subject.clone();
        facts.push_derived(miss, &[&about]);
    }
}

/// A port that a container declares.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Declared<'f> {
    name: &'f str,
    number: &'f str,
    protocol: &'f str,
}

/// What is known of the ports of a Service's pods.
#[derive(Default)]
struct Behind<'f> {
    declared: BTreeSet<Declared<'f>>,
    /// Numbers on which the probes of healthy pods get their answer, each over TCP.
    answered: BTreeSet<&'f str>,
    /// Whether a port may have a name that the text does not show, as that of kubectl before 1.32.
    unnamed: bool,
}

impl<'f> Behind<'f> {
    /// None if the text leaves out the ports of a pod: that one could declare any. Where some pods have all `ports`,
    /// the others are not looked at: mostly the first one has them.
    fn of(facts: &'f Facts<'_>, pods: &[EntityId], ports: &[Port<'_>]) -> Option<Self> {
        let mut behind = Self::default();
        for pod in pods {
            if ports.iter().all(|port| behind.serves(port)) {
                break;
            }
            let entity = facts.get(*pod);
            let root = entity.root().unwrap_or_default();
            let healthy = facts.health_of(*pod) == PodHealth::Healthy;
            let containers = root.items_at(&["spec", "containers"]);
            let shown =
                !containers.is_empty() && containers.iter().all(|one| one.get("ports").is_some());
            let named = !entity.partial || all_named(containers);
            if let Some(spec) = root.get("spec").filter(|_| shown || !entity.partial) {
                behind.add(spec, healthy);
            }
            // What its manifest wants is the next best.
            match manifest::wish(facts, *pod) {
                Some(wish) if entity.partial && !(shown && named) => {
                    behind.add(wish.spec, healthy);
                }
                None if entity.partial && !shown => return None,
                _ => behind.unnamed |= !named,
            }
        }
        Some(behind)
    }

    fn add(&mut self, spec: View<'f>, healthy: bool) {
        // Sidecars that start first may serve as well.
        let first = spec.items_at(&["initContainers"]);
        for container in spec.items_at(&["containers"]).iter().chain(first.iter()) {
            let ports = container.items_at(&["ports"]);
            for port in ports {
                self.declared.insert(Declared {
                    name: port.str_at(&["name"]).unwrap_or(""),
                    number: port.str_at(&["containerPort"]).unwrap_or(""),
                    protocol: port.str_at(&["protocol"]).unwrap_or("TCP"),
                });
            }
            for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
                for how in ["httpGet", "tcpSocket", "grpc"] {
                    let Some(asked) = container.str_at(&[probe, how, "port"]) else {
                        continue;
                    };
                    let named = ports
                        .iter()
                        .find(|port| port.str_at(&["name"]) == Some(asked));
                    let number = named.and_then(|port| port.str_at(&["containerPort"]));
                    self.answered
                        .extend(healthy.then_some(number.unwrap_or(asked)));
                }
            }
        }
    }

    /// Whether a port leads to one of these, whatever further pods have.
    fn serves(&self, port: &Port<'_>) -> bool {
        self.declared.iter().any(|it| {
            let named = it.name == port.target && !port.numeric();
            (named || it.number == port.target)
                && port.protocol.is_none_or(|own| own == it.protocol)
        })
    }

    fn has(&self, number: &str) -> bool {
        self.declared.iter().any(|port| port.number == number)
    }

    /// `http=8080, 53/UDP`.
    fn shown(&self) -> String {
        let same = |a: &Declared<'_>, b: &Declared<'_>| {
            (a.number, a.protocol) == (b.number, b.protocol) && !b.name.is_empty()
        };
        // A description may leave out the name that the manifest of the same port tells.
        let known = self.declared.iter().filter(|port| {
            let mut all = self.declared.iter();
            !port.name.is_empty() || !all.any(|other| same(port, other))
        });
        let shown = known.map(|port| {
            let mut text = port.number.to_owned();
            if !port.name.is_empty() {
                text = format!("{}={text}", port.name);
            }
            if port.protocol != "TCP" {
                text = format!("{text}/{}", port.protocol);
            }
            text
        });
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// Whether the text shows of each port what it is called, or that it has no name.
fn all_named(containers: Items<'_>) -> bool {
    let mut ports = containers.iter().flat_map(|one| one.items_at(&["ports"]));
    ports.all(|port| port.get("name").is_some())
}

/// One port of a Service.
struct Port<'f> {
    root: View<'f>,
    number: &'f str,
    /// A number or a name.
    target: &'f str,
    /// Whether the target was captured, or is the port's own number because a table shows no other.
    told: bool,
    protocol: Option<&'f str>,
}

impl<'f> Port<'f> {
    fn of(root: View<'f>, partial: bool) -> Self {
        let number = root.str_at(&["port"]).unwrap_or("");
        let target = root.str_at(&["targetPort"]);
        // The API writes out the protocol, people leave it to the default.
        let default = (!partial).then_some("TCP");
        Self {
            root,
            number,
            target: target.unwrap_or(number),
            told: target.is_some(),
            protocol: root.str_at(&["protocol"]).or(default),
        }
    }

    fn numeric(&self) -> bool {
        self.target.parse::<u32>().is_ok()
    }
}

/// What is wrong with a port.
struct Wrong {
    reason: &'static str,
    /// The pods' protocol, where that is wrong.
    spoken: Option<String>,
    /// Whether what was captured shows that nothing can answer, rather than that nothing says so.
    sure: bool,
}

fn of_service<'s>(facts: &Facts<'s>, service: EntityId) -> Vec<Entity<'s>> {
    let entity = facts.get(service);
    let selected = facts.selected_pods(service);
    let Some(root) = entity.root().filter(|_| !selected.is_empty()) else {
        return Vec::new();
    };
    if entity.str_at(&["spec", "type"]) == Some("ExternalName") {
        return Vec::new();
    }
    let ports = root.items_at(&["spec", "ports"]);
    let ports: Vec<Port<'_>> = ports
        .iter()
        .map(|port| Port::of(port, entity.partial))
        .collect();
    let Some(behind) = Behind::of(facts, selected, &ports) else {
        return Vec::new();
    };
    ports
        .iter()
        .filter_map(|port| {
            let wrong = wrong_number(port, &behind)
                .or_else(|| wrong_protocol(facts, service, port, &behind))?;
            Some(miss(facts, service, port, &behind, &wrong))
        })
        .collect()
}

/// A name that no container declares cannot resolve. A number may be listened on all the same, but hardly where they
/// declare the Service's own.
fn wrong_number(port: &Port<'_>, behind: &Behind<'_>) -> Option<Wrong> {
    if !port.told {
        return None;
    }
    let sure = if port.numeric() {
        let nothing = behind.declared.is_empty() && behind.answered.is_empty();
        if behind.has(port.target) || behind.answered.contains(port.target) || nothing {
            return None;
        }
        behind.has(port.number)
    } else {
        let mut names = behind.declared.iter().map(|port| port.name);
        if names.any(|name| name == port.target) {
            return None;
        }
        !behind.unnamed
    };
    Some(Wrong {
        reason: "port",
        spoken: None,
        sure,
    })
}

/// A number and its protocol are one port: what listens on one of them does not hear the other.
fn wrong_protocol(
    facts: &Facts<'_>,
    service: EntityId,
    port: &Port<'_>,
    behind: &Behind<'_>,
) -> Option<Wrong> {
    let own = port.protocol?;
    let declared = behind.declared.iter();
    let mut spoken: BTreeSet<&str> = declared
        .filter(|it| it.number == port.target || it.name == port.target)
        .map(|it| it.protocol)
        .collect();
    let answered = port.numeric() && behind.answered.contains(port.target);
    if spoken.is_empty() && own == "UDP" && port.numeric() {
        // Nobody names the port. What calls it, or the pods' probes, may tell that it speaks TCP.
        spoken.insert("TCP");
    }
    let either = |protocol: &str| protocol == own || served_as(facts, service, port, protocol);
    if spoken.is_empty() || spoken.iter().any(|protocol| either(protocol)) {
        return None;
    }
    Some(Wrong {
        reason: "protocol",
        sure: !port.numeric() || own == "UDP" && answered,
        spoken: Some(spoken.into_iter().collect::<Vec<_>>().join(", ")),
    })
}

/// Whether this Service or another one of the same pods leads to the number by another protocol as well: then a
/// container that names only one of them was merely brief. A name leads nowhere by a protocol that it does not have.
fn served_as(facts: &Facts<'_>, service: EntityId, port: &Port<'_>, protocol: &str) -> bool {
    let pods = facts.selected_pods(service).iter();
    let beside: BTreeSet<EntityId> = pods
        .flat_map(|pod| facts.services_of(*pod).iter().copied())
        .collect();
    port.numeric()
        && beside.into_iter().any(|other| {
            let entity = facts.get(other);
            let ports = entity
                .root()
                .unwrap_or_default()
                .items_at(&["spec", "ports"]);
            ports.iter().any(|root| {
                let it = Port::of(root, entity.partial);
                it.target == port.target && it.protocol == Some(protocol)
            })
        })
}

fn miss<'s>(
    facts: &Facts<'s>,
    service: EntityId,
    port: &Port<'_>,
    behind: &Behind<'_>,
    wrong: &Wrong,
) -> Entity<'s> {
    let entity = facts.get(service);
    let answered = behind.answered.iter().copied().collect::<Vec<_>>();
    let shown = port.root.get("targetPort").or(port.root.get("port"));
    let mut fields = vec![
        ("service", Node::text(entity.subject.name.as_str())),
        ("namespace", Node::text(entity.subject.namespace.as_str())),
        (
            "port",
            port.root.get("port").map(View::to_node).unwrap_or_default(),
        ),
        ("targetPort", shown.map(View::to_node).unwrap_or_default()),
        ("numeric", Node::flag(port.numeric())),
        ("reason", Node::text(wrong.reason)),
        ("sure", Node::flag(wrong.sure)),
    ];
    let texts = [
        ("declared", behind.shown()),
        ("answered", answered.join(", ")),
        ("protocol", port.protocol.unwrap_or("").to_owned()),
        ("spoken", wrong.spoken.clone().unwrap_or_default()),
    ];
    let known = texts.into_iter().filter(|(_, text)| !text.is_empty());
    fields.extend(known.map(|(name, text)| (name, Node::text(text))));
    let at = match wrong.reason {
        "protocol" => port.root.get("protocol").or(shown),
        _ => shown,
    };
    let place = entity.file.zip(at).map(|(file, at)| Cite {
        file,
        line: at.line(),
        end_line: at.line(),
    });
    let mut made = Entity::computed("PortMiss", entity.subject.clone(), fields).cited("", place);
    made.file = entity.file;
    made
}
