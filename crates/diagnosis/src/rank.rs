//! Orders causes by points, each with a printed reason.

use std::collections::BTreeSet;

use coldcase_facts::{Cite, EntityId, Facts, Identity, PodHealth};
use coldcase_rules::{Confidence, Evaluation, Role, RuleSet, Severity};

use crate::{Blast, Judged, State, scope::Scope, weights};

/// A cause with its points.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// Index of the finding.
    pub finding: usize,
    /// Sum of the reasons.
    pub points: i64,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Confidence after the arguments were weighed.
    pub confidence: Confidence,
    /// Findings that it explains, directly or through others.
    pub explains: Vec<usize>,
    /// Findings of changes that triggered it.
    pub triggers: Vec<usize>,
    /// The same fault on further objects: findings of the same rule that say the same of them.
    pub members: Vec<usize>,
    /// What to call the fault if it is one of several objects; else the finding's own title says it.
    pub title: Option<String>,
    /// Nothing that fails at capture depends on it, while something else has dependants that fail.
    pub independent: bool,
}

impl Ranked {
    /// One more argument.
    pub(crate) fn add(&mut self, text: String, points: i64) {
        self.points += points;
        self.reasons.push(Reason {
            text,
            points,
            cites: Vec::new(),
            ranking: false,
        });
    }

    /// What is wrong.
    pub fn title<'t>(&'t self, evaluation: &'t Evaluation<'_, '_>) -> &'t str {
        self.title
            .as_deref()
            .unwrap_or(&evaluation.findings[self.finding].title)
    }
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Reason {
    /// Prose.
    pub text: String,
    /// Points.
    pub points: i64,
    /// Places.
    pub cites: Vec<Cite>,
    /// It only weighs the cause against others, and says nothing of this capture that the rest of the report does not.
    pub ranking: bool,
}

/// Everything ranking looks at.
pub(crate) struct Context<'c, 'f, 's> {
    pub facts: &'c Facts<'s>,
    pub rules: &'c RuleSet,
    pub evaluation: &'c Evaluation<'f, 's>,
    pub judged: &'c [Judged],
    /// For each finding what it leads to.
    pub effects: &'c [Vec<usize>],
    pub scopes: &'c [Scope],
    pub blasts: &'c [Blast],
}

/// All causes: those that hold, best first, then those of incidents that are over and have nothing to do with them.
pub(crate) fn causes(context: &Context<'_, '_, '_>) -> Vec<Ranked> {
    let role = |index: usize| context.rules.rules[context.evaluation.findings[index].rule].role;
    let in_role = |wanted: Role, state: State| -> BTreeSet<usize> {
        (0..context.judged.len())
            .filter(|index| {
                let judged = &context.judged[*index];
                judged.state == state
                    && judged.severity >= Severity::Medium
                    && role(*index) == wanted
            })
            .collect()
    };
    let holding = in_role(Role::Cause, State::Active);
    let over = in_role(Role::Cause, State::Recovered);
    // What healed is explained by what lasts as well as by what healed.
    let every: BTreeSet<usize> = holding.union(&over).copied().collect();
    let active = in_state(
        context,
        &unexplained(context, &holding, &holding),
        &in_role(Role::Symptom, State::Active),
    );
    let recovered = in_state(
        context,
        &unexplained(context, &over, &every),
        &BTreeSet::new(),
    );
    if active.is_empty() || recovered.is_empty() {
        return if active.is_empty() { recovered } else { active };
    }
    crate::incident::leave_out_healed(context, active.into_iter().chain(recovered).collect())
}

/// Those of which no other is the cause.
fn unexplained(
    context: &Context<'_, '_, '_>,
    among: &BTreeSet<usize>,
    by: &BTreeSet<usize>,
) -> Vec<usize> {
    among
        .iter()
        .copied()
        .filter(|index| {
            let causes = &context.judged[*index].explained_by;
            !causes.iter().any(|cause| by.contains(cause))
        })
        .collect()
}

/// Ranks causes of one state, and the symptoms that none of them reaches: those stand for themselves.
fn in_state(
    context: &Context<'_, '_, '_>,
    roots: &[usize],
    symptoms: &BTreeSet<usize>,
) -> Vec<Ranked> {
    let reached: BTreeSet<usize> = roots
        .iter()
        .flat_map(|root| reach(context.effects, *root))
        .collect();
    let symptoms: BTreeSet<usize> = symptoms.difference(&reached).copied().collect();
    let loose = unexplained(context, &symptoms, &symptoms);
    let first = roots
        .iter()
        .filter_map(|index| context.evaluation.findings[*index].first_seen)
        .min();
    let mut ranked: Vec<Ranked> = roots
        .iter()
        .chain(&loose)
        .map(|index| rank(context, *index, first))
        .collect();
    crate::group::join(context, &mut ranked);
    set_apart(context, &mut ranked);
    ranked.sort_by_cached_key(|it| {
        (
            std::cmp::Reverse(it.points),
            context.judged[it.finding].id.clone(),
        )
    });
    crate::depth::doubt(context, &mut ranked);
    ranked
}

/// Marks causes that nothing which fails depends on, where another cause has dependants that fail.
fn set_apart(context: &Context<'_, '_, '_>, ranked: &mut [Ranked]) {
    let alone: Vec<bool> = ranked
        .iter()
        .map(|cause| !has_dependants(context, cause))
        .collect();
    if alone.iter().all(|alone| *alone) {
        return;
    }
    for (cause, alone) in ranked.iter_mut().zip(alone) {
        let active = context.judged[cause.finding].state == State::Active;
        if alone && active {
            cause.independent = true;
            cause.add(
                "also found: nothing that fails at capture depends on it".to_owned(),
                weights::INDEPENDENT,
            );
        }
    }
}

/// Whether a finding that holds is explained, or what the cause touches fails, lacks pods or is unreachable.
fn has_dependants(context: &Context<'_, '_, '_>, cause: &Ranked) -> bool {
    let active = |index: &usize| context.judged[*index].state == State::Active;
    if cause.explains.iter().any(active) {
        return true;
    }
    let facts = context.facts;
    let fails = |pod: &EntityId| facts.health_of(*pod) == PodHealth::Failing;
    let lacks = |workload: &Identity| {
        facts.derived("Workload", workload).iter().any(|id| {
            let workload = facts.get(*id);
            let count = |field: &str| workload.int_at(&[field]).unwrap_or(0);
            count("ready") < count("desired") || count("failing") > 0
        })
    };
    // A claim, a Service or a policy of which no pod is known may still be what somebody waits for.
    let blind = |scope: &Scope| scope.nodes.is_empty() && scope.workloads.is_empty();
    std::iter::once(&cause.finding)
        .chain(&cause.members)
        .map(|index| &context.scopes[*index])
        .any(|scope| {
            blind(scope)
                || scope.pods.iter().any(fails)
                || scope.workloads.iter().any(lacks)
                || scope
                    .nodes
                    .iter()
                    .flat_map(|node| facts.pods_on(node))
                    .any(fails)
        })
}

/// Findings that a cause leads to, directly or through others.
fn reach(effects: &[Vec<usize>], from: usize) -> Vec<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        for to in &effects[next] {
            if *to != from && found.insert(*to) {
                open.push(*to);
            }
        }
    }
    found.into_iter().collect()
}

fn rank(context: &Context<'_, '_, '_>, index: usize, first: Option<jiff::Timestamp>) -> Ranked {
    let finding = &context.evaluation.findings[index];
    let rule = &context.rules.rules[finding.rule];
    let judged = &context.judged[index];
    let explains: Vec<usize> = reach(context.effects, index)
        .into_iter()
        .filter(|effect| context.judged[*effect].state != State::Past)
        .collect();
    let mut reasons = Vec::new();
    let mut add = |text: String, points: i64, cites: Vec<Cite>| {
        reasons.push(Reason {
            text,
            points,
            cites,
            ranking: false,
        });
    };
    add(
        evidence_text(finding, rule.confidence),
        weights::confidence(rule.confidence),
        finding.cites.clone(),
    );
    for held in &finding.supports {
        add(held.text.clone(), weights::SUPPORT_EACH, held.cites.clone());
    }
    for held in &finding.contradicts {
        add(
            held.text.clone(),
            weights::CONTRADICT_EACH,
            held.cites.clone(),
        );
    }
    if let Some(pods) = inferred(context.facts, finding) {
        let what = format!(
            "that {} owns them is inferred from the names of {pods}",
            finding.subject.name
        );
        add(what, 0, Vec::new());
    }
    for open in &finding.open {
        add(format!("could not be checked: {open}"), 0, Vec::new());
    }
    if !explains.is_empty() {
        let count = i64::try_from(explains.len()).unwrap_or(i64::MAX);
        add(
            format!(
                "explains {count} other finding{}",
                if count == 1 { "" } else { "s" }
            ),
            (count * weights::EXPLAINS_EACH).min(weights::EXPLAINS_MOST),
            Vec::new(),
        );
    }
    separation(context, index, &mut add);
    let role = |index: usize| context.rules.rules[context.evaluation.findings[index].rule].role;
    let triggers: Vec<usize> = judged
        .explained_by
        .iter()
        .copied()
        .filter(|from| role(*from) == Role::Change)
        .collect();
    for trigger in &triggers {
        let change = &context.evaluation.findings[*trigger];
        add(
            format!("triggered by: {}", change.title),
            weights::TRIGGERED,
            change.cites.clone(),
        );
    }
    let workloads = context.scopes[index].workloads.len().max(
        explains
            .iter()
            .flat_map(|effect| &context.scopes[*effect].workloads)
            .collect::<BTreeSet<_>>()
            .len(),
    );
    if workloads > 1 {
        add(
            format!("{workloads} workloads are hit"),
            weights::WIDE,
            Vec::new(),
        );
    }
    if first.is_some() && finding.first_seen == first {
        add(
            "it is the earliest of the candidates".to_owned(),
            weights::FIRST,
            Vec::new(),
        );
    }
    add(
        format!("severity {}", judged.severity.word()),
        weights::severity(judged.severity),
        Vec::new(),
    );
    if judged.state == State::Active {
        add("holds at capture".to_owned(), weights::ACTIVE, Vec::new());
    }
    if rule.role == Role::Cause {
        add(
            "names a mechanism, not a symptom".to_owned(),
            weights::MECHANISM,
            Vec::new(),
        );
    } else {
        add(
            "a symptom that nothing in the bundle explains".to_owned(),
            weights::UNEXPLAINED,
            Vec::new(),
        );
        if let Some(step) = finding.next.first().and_then(|observe| observe.first()) {
            add(format!("what would decide it: {step}"), 0, Vec::new());
        }
    }
    cap_supports(&mut reasons, finding.supports.len());
    let held = 1 + finding.supports.len() + finding.contradicts.len() + finding.open.len();
    for reason in reasons.iter_mut().skip(held) {
        reason.ranking = reason.points > 0 && reason.cites.is_empty();
    }
    let points = reasons.iter().map(|reason| reason.points).sum();
    let mut confidence = confidence(rule.confidence, finding, rule.role);
    if is_hearsay(context.facts, finding) || is_undated(context.facts, context.evaluation, finding)
    {
        confidence = confidence.min(Confidence::Likely);
    }
    Ranked {
        finding: index,
        points,
        reasons,
        confidence,
        explains,
        triggers,
        members: Vec::new(),
        title: None,
        independent: false,
    }
}

/// Whether all pods, claims, Services and autoscalers that a finding is about are named by events alone: what they look like is inferred.
fn is_hearsay(facts: &Facts<'_>, finding: &coldcase_rules::Finding) -> bool {
    const KINDS: &[&str] = &[
        "HorizontalPodAutoscaler",
        "PersistentVolumeClaim",
        "Pod",
        "Service",
    ];
    let mut about = finding
        .related
        .iter()
        .map(|(_, id)| facts.get(*id))
        .filter(|entity| KINDS.contains(&entity.subject.kind.as_str()))
        .peekable();
    about.peek().is_some() && about.all(|entity| entity.partial && entity.root().is_none())
}

/// Whether nothing tells when a line was written that a finding stands on, and no pod that fails says that it holds:
/// that the line is among the last is no date.
fn is_undated(
    facts: &Facts<'_>,
    evaluation: &Evaluation<'_, '_>,
    finding: &coldcase_rules::Finding,
) -> bool {
    let bound = || finding.rows.iter().flat_map(coldcase_rules::Row::all);
    finding.last_seen.or(finding.first_seen).is_none()
        && bound().any(|bound| coldcase_rules::is_last_undated(evaluation.entity(bound.id)))
        && !bound().any(|bound| facts.health_of(bound.id) == PodHealth::Failing)
}

/// What kind of evidence the finding itself is.
fn evidence_text(finding: &coldcase_rules::Finding, confidence: Confidence) -> String {
    let kind = match confidence {
        Confidence::Firm => "seen directly in what was captured",
        Confidence::Likely => "inferred from what was captured",
        Confidence::Possible => "circumstantial evidence",
    };
    match finding.rows.len() {
        0 | 1 => kind.to_owned(),
        times => format!("{kind}, in {times} places"),
    }
}

/// More arguments than the ceiling allows are printed but count nothing.
fn cap_supports(reasons: &mut [Reason], supports: usize) {
    let mut left = weights::SUPPORT_MOST;
    for reason in reasons.iter_mut().skip(1).take(supports) {
        reason.points = reason.points.min(left);
        left -= reason.points;
    }
}

/// Whether the dimension that this cause is about is the one that separates failing from healthy.
fn separation(
    context: &Context<'_, '_, '_>,
    index: usize,
    add: &mut dyn FnMut(String, i64, Vec<Cite>),
) {
    let finding = &context.evaluation.findings[index];
    let scope = &context.scopes[index];
    let rule = &context.rules.rules[finding.rule];
    for blast in context.blasts {
        let node_bound = finding.subject.kind == "Node";
        let touched = scope.workloads.contains(&blast.subject)
            || node_bound
                && blast.failing.iter().any(|pod| {
                    context
                        .facts
                        .get(*pod)
                        .str_at(&["spec", "nodeName"])
                        .is_some_and(|node| scope.nodes.contains(node))
                });
        let dimension = if node_bound {
            "node"
        } else if rule.layer == "rollout" {
            "revision"
        } else {
            continue;
        };
        let Some(tested) = blast
            .dimensions
            .iter()
            .find(|tested| tested.name == dimension)
        else {
            continue;
        };
        if !touched {
            continue;
        }
        let ours = !node_bound
            || tested
                .values
                .iter()
                .any(|(value, (failing, _))| *failing > 0 && scope.nodes.contains(value));
        if tested.separates() && ours {
            add(
                format!("{}: {}", blast.subject.name, blast.text),
                weights::SEPARATES,
                blast.cites.clone(),
            );
        } else if tested.exonerated() && !node_bound {
            add(
                format!("{}: {}", blast.subject.name, blast.text),
                weights::EXONERATED,
                blast.cites.clone(),
            );
        }
    }
}

/// A contradiction takes a step down unless two arguments outweigh each; two arguments more than that
/// take an inferred mechanism a step up, but only if nothing that could confirm it was left uncaptured.
/// A symptom is never a firm answer: that it is there may be certain, why it is there is not known.
fn confidence(base: Confidence, finding: &coldcase_rules::Finding, role: Role) -> Confidence {
    let (supports, contradicts) = (finding.supports.len(), finding.contradicts.len());
    let steps = [Confidence::Possible, Confidence::Likely, Confidence::Firm];
    let at = steps.iter().position(|step| *step == base).unwrap_or(0);
    let inferred = role == Role::Cause && base == Confidence::Likely;
    let up = usize::from(inferred && finding.open.is_empty() && supports >= contradicts * 2 + 2);
    let down = usize::from(contradicts > 0 && supports < contradicts * 2);
    let weighed = steps
        .get((at + up).saturating_sub(down))
        .copied()
        .unwrap_or(Confidence::Firm);
    match role {
        Role::Symptom => weighed.min(Confidence::Likely),
        _ => weighed,
    }
}

/// How many pods told the name of the workload that a finding is about, where nothing but names told it.
fn inferred(facts: &Facts<'_>, finding: &coldcase_rules::Finding) -> Option<String> {
    let mut workloads = facts.derived("Workload", &finding.subject).iter();
    let inferred = workloads.find(|id| facts.get(**id).bool_at(&["inferred"]))?;
    Some(match facts.workload_pods(*inferred).len() {
        1 => "one pod".to_owned(),
        pods => format!("{pods} pods"),
    })
}
