//! The form of `truth.yaml`: what a case was, written by people who know.

use std::path::{Path, PathBuf};

use coldcase_report::model::Subject;
use serde::Deserialize;

/// What a case was; see docs/testing.md.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Truth {
    /// The state of the verdict, or the states that are all right.
    pub state: OneOrMany,
    /// A word to count cases by.
    #[serde(default)]
    pub class: String,
    /// The bundle, relative to the folder.
    #[serde(default)]
    pub bundle: Vec<PathBuf>,
    /// What must rank first.
    pub cause: Option<Expected>,
    /// Rules that must not rank above the cause.
    #[serde(default)]
    pub outranks: Vec<String>,
    /// Rules whose findings the cause explains.
    #[serde(default)]
    pub explains: Vec<String>,
    /// Words of what must be cleared.
    #[serde(default)]
    pub exonerates: Vec<String>,
    /// Rules that must not be among the causes.
    #[serde(default)]
    pub absent: Vec<String>,
    /// No finding may be more severe.
    pub quiet_above: Option<String>,
    /// Texts that the evidence of the cause and its effects must quote.
    #[serde(default)]
    pub cites: Vec<String>,
    /// Prose for readers: what looks like the cause and is not.
    #[serde(default)]
    #[allow(
        dead_code,
        reason = "written for people; listed so that it is no misspelt field"
    )]
    pub red_herrings: Vec<String>,
}

/// The cause that must rank first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Its rule, or the rules that are all right.
    #[serde(default)]
    pub rule: OneOrMany,
    /// Its layer, where the rule does not matter.
    pub layer: Option<String>,
    /// What is at fault, or is named beside it.
    pub subject: Option<Object>,
    /// Words of confidence that are all right.
    #[serde(default)]
    pub confidence: Vec<String>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.all().iter().any(|one| one == text)
    }
}

/// An object by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    /// Empty if the note of the incident does not say what kind of object it was.
    #[serde(default)]
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
}

impl Object {
    pub(crate) fn is(&self, subject: &Subject) -> bool {
        if self.kind.is_empty() {
            let elsewhere = self.namespace.is_some() && subject.namespace != self.namespace;
            return subject.name == self.name && !elsewhere;
        }
        subject.kind == self.kind
            && subject.name == self.name
            && subject.namespace == self.namespace
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let namespace = self.namespace.as_deref().unwrap_or_default();
        let slash = if namespace.is_empty() { "" } else { "/" };
        let kind = if self.kind.is_empty() {
            "object"
        } else {
            &self.kind
        };
        write!(f, "{kind} {namespace}{slash}{}", self.name)
    }
}

impl Truth {
    /// Reads one; the error names file, line and reason.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let truth: Self = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        truth.check().map(|()| truth)
    }

    fn check(&self) -> Result<(), String> {
        const STATES: [&str; 4] = ["active", "recovered", "inconclusive", "nothing_found"];
        if self.state.all().is_empty() {
            return Err(format!(
                "`state` is empty; it is one of {}",
                STATES.join(", ")
            ));
        }
        if let Some(word) = self
            .state
            .all()
            .iter()
            .find(|word| !STATES.contains(&word.as_str()))
        {
            return Err(format!(
                "`{word}` is no state; it is one of {}",
                STATES.join(", ")
            ));
        }
        match &self.cause {
            Some(cause) if cause.rule.all().is_empty() && cause.layer.is_none() => {
                Err("`cause` needs a `rule` or a `layer`".to_owned())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_without_a_state_or_with_an_unknown_word_is_refused() {
        assert!(Truth::parse("class: x").is_err());
        assert!(
            Truth::parse("state: activ")
                .unwrap_err()
                .contains("`activ` is no state")
        );
        assert!(
            Truth::parse("state: active\ncauses: []")
                .unwrap_err()
                .contains("causes")
        );
        assert!(Truth::parse("state: active\ncause: {subject: {kind: Node, name: a}}").is_err());
    }

    #[test]
    fn an_object_without_a_kind_is_any_of_that_name() {
        let truth = Truth::parse("state: active\ncause: {rule: a, subject: {name: web}}").unwrap();
        let object = truth.cause.unwrap().subject.unwrap();
        let subject = |kind: &str, name: &str| Subject {
            kind: kind.to_owned(),
            namespace: Some("shop".to_owned()),
            name: name.to_owned(),
        };
        assert!(object.is(&subject("Deployment", "web")) && object.is(&subject("Service", "web")));
        assert!(!object.is(&subject("Service", "web-2")));
    }

    #[test]
    fn one_rule_or_several_are_all_right() {
        let truth = Truth::parse("state: [active, recovered]\ncause: {rule: [a, b]}").unwrap();
        assert!(truth.state.has("recovered"));
        assert!(truth.cause.unwrap().rule.has("b"));
        let truth = Truth::parse("state: active\ncause: {layer: storage}").unwrap();
        assert_eq!(truth.cause.unwrap().layer.as_deref(), Some("storage"));
    }
}
