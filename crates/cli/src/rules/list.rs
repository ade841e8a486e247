//! `coldcase rules list`: which rules there are.

use std::process::ExitCode;

use coldcase_rules::{Rule, rule::LAYERS};
use serde_json::json;

use super::load_whole;
use crate::{
    args::{InfoFormat, RulesList},
    error::Failure,
    output,
};

pub(super) fn run(arguments: &RulesList) -> Result<ExitCode, Failure> {
    for layer in &arguments.layer {
        if !LAYERS.contains(&layer.as_str()) {
            let known = format!("there are {}", LAYERS.join(", "));
            return Err(Failure::Word("layer", layer.clone(), known));
        }
    }
    let rules = load_whole(&arguments.more.rules)?;
    let mut chosen: Vec<&Rule> = rules
        .rules
        .iter()
        .filter(|rule| arguments.layer.is_empty() || arguments.layer.contains(&rule.layer))
        .filter(|rule| {
            let least = arguments.severity;
            least.is_none_or(|least| rule.severity >= least.severity())
        })
        .filter(|rule| arguments.role.is_none_or(|role| rule.role == role.role()))
        .collect();
    chosen.sort_by_key(|rule| {
        let layer = LAYERS.iter().position(|layer| *layer == rule.layer);
        (layer, rule.id.clone())
    });
    match arguments.format {
        InfoFormat::Json => {
            let list: Vec<_> = chosen
                .iter()
                .map(|rule| {
                    json!({
                        "id": rule.id,
                        "layer": rule.layer,
                        "severity": rule.severity.word(),
                        "role": rule.role.word(),
                        "confidence": rule.confidence.word(),
                        "title": rule.title.source(),
                        "file": rule.file,
                        "explains": rule.explains.iter().map(|edge| &edge.rule).collect::<Vec<_>>(),
                        "examples": rule.tests.len(),
                    })
                })
                .collect();
            let whole = json!({"hash": rules.hash, "rules": list});
            output::say(&format!("{whole:#}"));
        }
        InfoFormat::Text => {
            for rule in &chosen {
                output::say(&format!(
                    "{:<36} {:<14} {:<9} {:<8} {}",
                    rule.id,
                    rule.layer,
                    rule.severity.word(),
                    rule.role.word(),
                    rule.title.source()
                ));
            }
            output::say(&format!("{} rules, hash {}", chosen.len(), rules.hash));
        }
    }
    Ok(ExitCode::SUCCESS)
}
