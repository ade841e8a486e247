//! Findings for the page: grouped by layer, the pressing ones open and the rest folded.

use std::collections::BTreeMap;

use serde::Serialize;

use super::anchor;
use crate::index::{layer_rank, severity_rank};
use crate::model::{Finding, Report};

/// What a reference to a finding shows.
#[derive(Serialize)]
pub(super) struct Known<'a> {
    anchor: String,
    title: &'a str,
}

/// One layer's findings.
#[derive(Serialize)]
pub(super) struct Layer<'a> {
    name: &'a str,
    pressing: Vec<&'a Finding>,
    folded: Vec<&'a Finding>,
}

/// Short forms by finding id.
pub(super) fn known(report: &Report) -> BTreeMap<&str, Known<'_>> {
    let findings = report.findings.iter();
    findings
        .map(|f| {
            (
                f.id.as_str(),
                Known {
                    anchor: anchor(&f.id),
                    title: &f.title,
                },
            )
        })
        .collect()
}

/// Layers in lane order, findings by severity.
pub(super) fn by_layer(report: &Report) -> Vec<Layer<'_>> {
    let mut sorted: Vec<&Finding> = report.findings.iter().collect();
    sorted.sort_by_key(|f| {
        (
            layer_rank(&f.layer),
            f.layer.as_str(),
            severity_rank(&f.severity),
        )
    });
    let mut layers: Vec<Layer<'_>> = Vec::new();
    for finding in sorted {
        if layers
            .last()
            .is_none_or(|layer| layer.name != finding.layer)
        {
            layers.push(Layer {
                name: &finding.layer,
                pressing: Vec::new(),
                folded: Vec::new(),
            });
        }
        if let Some(layer) = layers.last_mut() {
            let list = if folds(finding) {
                &mut layer.folded
            } else {
                &mut layer.pressing
            };
            list.push(finding);
        }
    }
    layers
}

/// Low severity, mere risks and what has healed do not need attention first.
fn folds(finding: &Finding) -> bool {
    severity_rank(&finding.severity) >= 3 || finding.role == "risk" || finding.state == "past"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risks_and_healed_findings_are_folded() {
        let report = crate::fixture::kube_proxy_oom();
        let layers = by_layer(&report);
        let names: Vec<&str> = layers.iter().map(|l| l.name).collect();
        assert_eq!(names, ["network", "workload"]);
        assert_eq!(
            layers.iter().map(|l| l.folded.len()).collect::<Vec<_>>(),
            [0, 2]
        );
        assert_eq!(known(&report).len(), report.findings.len());
    }
}
