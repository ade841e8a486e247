//! The page under attack: hostile text, its policy, its links, its bytes.

#![allow(clippy::unwrap_used, reason = "a panic here is the failure report")]

mod fixture;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coldcase_report::model::{CausalEdge, Cause, Report};
use coldcase_report::{Format, render};
use sha2::{Digest, Sha256};

fn html(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, Format::Html, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
    let (_, rest) = text.split_once(open).unwrap();
    rest.split_once(close).unwrap().0
}

/// Values of an attribute, wherever it stands.
fn attribute<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!(" {name}=\"");
    page.split(open.as_str())
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap_or_default())
        .collect()
}

/// The page without its style sheet and script, whose text is ours.
fn body(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    let (middle, rest) = rest.split_once("<script>").unwrap();
    let (_, tail) = rest.split_once("</script>").unwrap();
    format!("{head}{middle}{tail}")
}

const ATTACKS: [&str; 8] = [
    "</script><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "--><!-- <style>*{display:none}</style>",
    "{{ 999*999 }}{% raw %}",
    "`<b>x</b>` &lt;script&gt; \u{2028}\u{1b}[31m\u{202e}",
];

#[test]
fn hostile_text_appears_only_escaped() {
    let plain = html(&fixture::hostile("x"));
    let count = |page: &str, what: &str| body(page).matches(what).count();
    for attack in ATTACKS {
        let page = html(&fixture::hostile(attack));
        for what in [
            "<script",
            "</script",
            "<img",
            "<style",
            "<svg",
            "<b>",
            "<!--",
            " style=",
            " onerror=\"",
            " onmouseover=\"",
            " onfocus=\"",
        ] {
            assert_eq!(count(&page, what), count(&plain, what), "{attack}: {what}");
        }
        for link in attribute(&page, "href") {
            assert!(
                link.starts_with('#') || link == "data:,",
                "{attack}: {link}"
            );
        }
        assert!(
            !page.contains('\u{1b}') && !page.contains('\u{202e}') && !page.contains("998001"),
            "{attack}"
        );
    }
}

#[test]
fn tags_open_and_close_the_same_under_attack() {
    let tags = |text: &str| body(&html(&fixture::hostile(text))).matches('<').count();
    for attack in ATTACKS.iter().filter(|a| !a.contains('`')) {
        let harmless: String = attack
            .chars()
            .map(|c| if c.is_whitespace() { c } else { 'x' })
            .collect();
        assert_eq!(tags(attack), tags(&harmless), "{attack}");
    }
}

#[test]
fn the_policy_names_the_inlined_text() {
    let page = html(&fixture::kube_proxy_oom());
    let hash = |text: &str| {
        format!(
            "'sha256-{}'",
            STANDARD.encode(Sha256::digest(text.as_bytes()))
        )
    };
    let policy = between(
        &page,
        "http-equiv=\"Content-Security-Policy\" content=\"",
        "\"",
    )
    .replace("&#x27;", "'")
    .replace("&#x2f;", "/")
    .replace("&#x2b;", "+")
    .replace("&#x3d;", "=");
    let style = hash(between(&page, "<style>", "</style>"));
    let script = hash(between(&page, "<script>", "</script>"));
    let expected = format!(
        "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
    );
    assert_eq!(policy, expected);
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let page = html(&fixture::kube_proxy_oom());
    for source in attribute(&page, "src")
        .into_iter()
        .chain(attribute(&page, "href"))
    {
        assert!(source.starts_with('#') || source == "data:,", "{source}");
    }
    assert!(!page.contains("@import") && !page.contains("url(http") && !page.contains(" style=\""));
    assert_eq!(page.matches("<script").count(), 2);
}

#[test]
fn every_link_inside_the_page_has_a_target() {
    for report in [
        fixture::kube_proxy_oom(),
        fixture::nothing_found(),
        fixture::inconclusive(),
        fixture::hostile("a b\"<"),
    ] {
        let page = html(&report);
        let targets: BTreeSet<&str> = attribute(&page, "id").into_iter().collect();
        for link in attribute(&page, "href")
            .iter()
            .filter_map(|link| link.strip_prefix('#'))
        {
            assert!(targets.contains(link), "#{link}");
        }
    }
}

#[test]
fn a_page_of_very_many_causes_stays_small_and_its_links_lead_somewhere() {
    let mut report = fixture::kube_proxy_oom();
    let (cause, finding) = (report.causes[0].clone(), report.findings[0].clone());
    for n in 0..4_000 {
        let id = format!("{}-{n}", finding.id);
        report.causes.push(Cause {
            rank: n + 9,
            finding: id.clone(),
            ..cause.clone()
        });
        report.causal_edges.push(CausalEdge {
            from: cause.finding.clone(),
            to: id.clone(),
            along: "same node".into(),
        });
        report.causes[0].explains.push(id.clone());
        let mut finding = finding.clone();
        finding.id = id;
        finding.subject.name = format!("node-{n}");
        report.findings.push(finding);
    }
    let page = html(&report);
    assert!(page.len() < 1 << 20, "{}", page.len());
    assert!(!page.contains("not in this report"));
    let targets: BTreeSet<&str> = attribute(&page, "id").into_iter().collect();
    for link in attribute(&page, "href") {
        if let Some(link) = link.strip_prefix('#') {
            assert!(targets.contains(link), "#{link}");
        }
    }
}

#[test]
fn an_undecided_case_suggests_no_action() {
    let verdict =
        |report: &Report| between(&html(report), "id=\"verdict\"", "</section>").to_owned();
    assert!(verdict(&fixture::kube_proxy_oom()).contains("cordon"));
    let undecided = verdict(&fixture::inconclusive());
    assert!(undecided.contains("previous logs") && !undecided.contains("cordon"));
}

#[test]
fn ids_are_stable_and_unique() {
    let page = html(&fixture::kube_proxy_oom());
    let ids = attribute(&page, "id");
    for id in ["e1", "t-t3", "finding-crash-loop:x2k9m", "cause-1"] {
        assert!(
            ids.contains(&id) || ids.contains(&id.replace('/', "&#x2f;").as_str()),
            "{id}"
        );
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    assert_eq!(html(&fixture::long(3_000)), html(&fixture::long(3_000)));
}

#[test]
fn an_empty_report_is_a_page() {
    let page = html(&Report::default());
    assert!(page.contains("<main>") && page.trim_end().ends_with("</html>"));
}

#[test]
fn the_answer_comes_before_the_details() {
    let page = html(&fixture::kube_proxy_oom());
    let at = |what: &str| {
        page.find(what)
            .unwrap_or_else(|| panic!("{what} is missing"))
    };
    let order = [
        "<header>",
        "id=\"verdict\"",
        "id=\"triage\"",
        "id=\"causes\"",
        "id=\"exonerated\"",
        "id=\"graph\"",
        "id=\"changes\"",
        "id=\"blast\"",
        "id=\"timeline\"",
        "id=\"findings\"",
        "id=\"unknown\"",
        "id=\"objects\"",
        "id=\"checklist\"",
        "id=\"postmortem\"",
        "id=\"evidence\"",
    ];
    assert!(order.map(at).is_sorted());
}
