//! Changes of a bundle whose effect on the answer is known without knowing the answer: less evidence, more health, other
//! times, other names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "a panic is the failure report of a test"
)]

mod support;
#[path = "support/variants.rs"]
mod variants;

use rayon::prelude::*;
use variants::{
    Answer, Files, Renaming, a_year_later, answer, bundle, files, healthy_namespaces, merged,
};

fn name(dir: &std::path::Path) -> String {
    dir.file_name().unwrap().to_string_lossy().into_owned()
}

/// Runs over all samples at once; each says what is wrong.
fn over_samples(wrong: impl Fn(&Files) -> Vec<String> + Sync) {
    let told: Vec<String> = support::samples()
        .par_iter()
        .flat_map_iter(|dir| {
            let name = name(dir);
            wrong(&files(dir))
                .into_iter()
                .map(move |said| format!("{name}: {said}"))
        })
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Whether a firm answer is the same answer: the same rule on the same object, or the same fault on fewer of the
/// objects that it was found on. A nearer link of the same chain is not the same: it would be told as the beginning.
/// Another cause that the whole bundle tells of the same object as well is: which revision broke it, and what in it.
fn same(before: &Answer, after: &Answer) -> bool {
    match (before.first(), after.first()) {
        (Some(first), Some(after)) => {
            let member = (after.rule.clone(), after.subject.clone());
            let told = before.causes.iter().any(|cause| {
                (&cause.rule, &cause.subject) == (&after.rule, &after.subject)
                    && cause.subject == first.subject
            });
            told || first.rule == after.rule && before.effects.contains(&member)
        }
        (None, None) => true,
        _ => false,
    }
}

#[test]
fn less_evidence_never_gives_another_firm_answer() {
    over_samples(|all| {
        let before = answer(&bundle(all));
        all.par_iter()
            .filter_map(|(gone, _)| {
                let after = answer(&bundle(all.iter().filter(|(path, _)| *path != gone)));
                let sure = after.firm().is_some();
                // Surer of the same; a cause that came second has lost its rival with the file.
                let louder = sure
                    && before.firm().is_none()
                    && before.first().map(|it| (&it.rule, &it.subject))
                        == after.first().map(|it| (&it.rule, &it.subject));
                ((sure && !same(&before, &after)) || louder)
                    .then(|| format!("without {gone}: {after}\n    with it: {before}"))
            })
            .collect()
    });
}

#[test]
fn a_hundred_healthy_namespaces_change_nothing() {
    over_samples(|all| {
        let whole = bundle(all);
        let snapshot = coldcase_snapshot::read(&whole);
        let facts = coldcase_facts::derive(&snapshot);
        let before = answer(&whole);
        let more = healthy_namespaces(&facts);
        let after = answer(&bundle(all.iter().chain([(&more.0, &more.1)])));
        differ(&before, &after)
    });
}

#[test]
fn a_year_later_it_is_the_same() {
    over_samples(|all| {
        let before = answer(&bundle(all));
        let later: Files = all
            .iter()
            .map(|(path, text)| (a_year_later(path), a_year_later(text)))
            .collect();
        let mut after = answer(&bundle(&later));
        after.began = after.began.map(|began| began - 365 * 86_400);
        differ(&before, &after)
    });
}

#[test]
fn other_names_are_the_same_answer() {
    over_samples(|all| {
        let whole = bundle(all);
        let snapshot = coldcase_snapshot::read(&whole);
        let facts = coldcase_facts::derive(&snapshot);
        let mut before = answer(&whole);
        let renaming = Renaming::of(&facts);
        let renamed: Files = all
            .iter()
            .map(|(path, text)| (renaming.apply(path), renaming.apply(text)))
            .collect();
        let after = answer(&bundle(&renamed));
        for cause in &mut before.causes {
            cause.subject = coldcase_facts::Identity::new(
                cause.subject.kind.as_str(),
                renaming.apply(&cause.subject.namespace),
                renaming.apply(&cause.subject.name),
            );
        }
        assert!(renaming.renamed.len() > 10 || facts.of_kind("Pod").len() < 10);
        differ(&before, &after)
    });
}

/// What differs between two answers that should be one: of causes with equal points the order may follow the names.
fn differ(before: &Answer, after: &Answer) -> Vec<String> {
    let mut wrong = Vec::new();
    if before.state != after.state || before.first() != after.first() {
        wrong.push(format!("{after}\n    instead of {before}"));
    }
    let sorted = |answer: &Answer| {
        let mut causes = answer.causes.clone();
        causes.sort();
        causes
    };
    let (before_all, after_all) = (sorted(before), sorted(after));
    for cause in after_all.iter().filter(|it| !before_all.contains(it)) {
        wrong.push(format!("new cause: {cause}"));
    }
    for cause in before_all.iter().filter(|it| !after_all.contains(it)) {
        wrong.push(format!("lost cause: {cause}"));
    }
    if before.began != after.began {
        wrong.push(format!(
            "began at {:?}, not at {:?}",
            after.began, before.began
        ));
    }
    wrong
}

/// Two incidents that have nothing to do with each other, in one cluster: both are told, each with its own begin.
#[test]
fn two_incidents_are_told_apart() {
    let samples = support::root().join("samples");
    let pairs = [
        ("i04-service-selector-typo", "i02-impossible-node-selector"),
        ("i06-volume-permission-denied", "i19-image-tag-missing"),
        ("i08-jvm-heap-exceeds-limit", "i20-pull-secret-rotated"),
    ];
    let wrong: Vec<String> = pairs
        .par_iter()
        .flat_map_iter(|(one, other)| {
            let (one_files, other_files) = (files(&samples.join(one)), files(&samples.join(other)));
            let (one_alone, other_alone) =
                (answer(&bundle(&one_files)), answer(&bundle(&other_files)));
            let whole = bundle(&other_files);
            let snapshot = coldcase_snapshot::read(&whole);
            let renaming = Renaming::of(&coldcase_facts::derive(&snapshot));
            let renamed: Files = other_files
                .iter()
                .map(|(path, text)| (renaming.apply(path), renaming.apply(text)))
                .collect();
            let both = answer(&bundle(&merged(&one_files, &renamed)));
            let mut wrong = Vec::new();
            let other_first = other_alone.first().map(|cause| {
                let subject = coldcase_facts::Identity::new(
                    cause.subject.kind.as_str(),
                    renaming.apply(&cause.subject.namespace),
                    renaming.apply(&cause.subject.name),
                );
                (cause.rule.clone(), subject)
            });
            let one_first = one_alone
                .first()
                .map(|cause| (cause.rule.clone(), cause.subject.clone()));
            let mut seen = Vec::new();
            for (wanted, began) in [
                (one_first, one_alone.began),
                (other_first, other_alone.began),
            ] {
                let at = both
                    .causes
                    .iter()
                    .position(|cause| Some((cause.rule.clone(), cause.subject.clone())) == wanted);
                let incident = at.and_then(|at| {
                    both.incidents
                        .iter()
                        .position(|(causes, _)| causes.contains(&at))
                });
                match incident {
                    None => wrong.push(format!("{wanted:?} is not among {:?}", both.causes)),
                    Some(index) if both.incidents[index].1 != began => wrong.push(format!(
                        "{wanted:?} began at {:?}, not at {began:?}",
                        both.incidents[index].1
                    )),
                    Some(index) => seen.push(index),
                }
            }
            seen.dedup();
            if wrong.is_empty() && seen.len() != 2 {
                wrong.push(format!("one incident: {:?}", both.causes));
            }
            if wrong.is_empty() && !both.sentence.starts_with("2 separate incidents: ") {
                wrong.push(both.sentence);
            }
            wrong
                .into_iter()
                .map(move |said| format!("{one} and {other}: {said}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An incident that lasts does not hide one that is over, and a risk that holds is no incident.
#[test]
fn what_is_over_is_told_beside_what_lasts() {
    let mut all = files(&support::root().join("samples/i01-variant-recovered"));
    let alone = answer(&bundle(&all));
    let older = |text: &String| text.replacen("kubeletVersion: v1.3", "kubeletVersion: v1.2", 1);
    let nodes = all.get_mut("cluster/nodes.yaml").unwrap();
    *nodes = older(nodes);
    let risky = answer(&bundle(&all));
    assert_eq!((risky.state, risky.first()), (alone.state, alone.first()));
    all.insert("late/pod.yaml".to_owned(), LATE.to_owned());
    let both = answer(&bundle(&all));
    let rules: Vec<&str> = both.causes.iter().map(|it| it.rule.as_str()).collect();
    assert_eq!(rules, ["image-not-found", "kube-proxy-oom"], "{both}");
    assert_eq!(both.incidents.len(), 2);
    assert_eq!(both.incidents[1].1, alone.began);
    assert!(
        both.sentence.contains("; earlier, over at capture: "),
        "{}",
        both.sentence
    );
}

const LATE: &str = r#"apiVersion: v1
kind: Pod
metadata:
  name: brandnew-0
  namespace: brandnew
  uid: 0a23843c-d6d5-4547-ad47-572a0474a12b
  creationTimestamp: "2026-07-14T03:03:00Z"
spec:
  containers:
  - name: app
    image: registry.example.com/brandnew:8.1.0
  nodeName: node-cp-1
status:
  phase: Pending
  startTime: "2026-07-14T03:03:00Z"
  conditions:
  - type: Ready
    status: "False"
    lastTransitionTime: "2026-07-14T03:03:00Z"
  containerStatuses:
  - name: app
    image: registry.example.com/brandnew:8.1.0
    ready: false
    restartCount: 0
    state:
      waiting:
        message: 'Back-off pulling image "registry.example.com/brandnew:8.1.0": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "registry.example.com/brandnew:8.1.0": failed to resolve image: registry.example.com/brandnew:8.1.0: not found'
        reason: ImagePullBackOff
    lastState: {}
"#;
