//! Faults on demand, so that collectors can be tested against a server that refuses, fails, stalls or dies.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::response::Failure;

/// What to do with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answer it.
    None,
    /// Answer this instead.
    Answer(Failure),
    /// Never answer.
    Hang,
    /// End without an answer.
    Die,
}

/// Which requests go wrong, and how. Resources are plural names, `logs` being those of pods.
#[derive(Debug, Default)]
pub struct Faults {
    /// Resources that are forbidden.
    pub refuse: Vec<String>,
    /// Resources whose requests fail, with the code.
    pub fail: Vec<(String, u16)>,
    /// Resources whose requests are never answered.
    pub hang: Vec<String>,
    /// Milliseconds before each answer.
    pub slow: u64,
    /// The first so many requests for resources are too many.
    pub busy: u64,
    /// The server ends at the request after so many.
    pub die_after: Option<u64>,
    /// Requests for resources so far.
    pub seen: AtomicU64,
}

impl Faults {
    /// What becomes of the next request. Discovery (no resource) always works.
    pub fn next(&self, resource: Option<&str>) -> Fault {
        let Some(resource) = resource else {
            return Fault::None;
        };
        let before = self.seen.fetch_add(1, Ordering::Relaxed);
        if self.die_after.is_some_and(|after| before >= after) {
            return Fault::Die;
        }
        if before < self.busy {
            let mut failure = Failure::new(
                429,
                "TooManyRequests",
                "too many requests, please try again later",
            );
            failure.retry_after = Some(1);
            return Fault::Answer(failure);
        }
        let is = |word: &String| word == resource || word == "*";
        if self.hang.iter().any(is) {
            return Fault::Hang;
        }
        if self.refuse.iter().any(is) {
            let message = format!(
                "{resource} is forbidden: User \"coldcase\" cannot list resource \"{resource}\": refused on demand"
            );
            return Fault::Answer(Failure::new(403, "Forbidden", message));
        }
        match self.fail.iter().find(|(word, _)| is(word)) {
            Some((_, code)) => {
                let reason = match code {
                    503 => "ServiceUnavailable",
                    504 => "Timeout",
                    _ => "InternalError",
                };
                Fault::Answer(Failure::new(*code, reason, "failed on demand"))
            }
            None => Fault::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_as_ordered() {
        let faults = Faults {
            refuse: vec!["secrets".to_owned()],
            fail: vec![("pods".to_owned(), 500)],
            busy: 1,
            die_after: Some(4),
            ..Faults::default()
        };
        let code = |fault: Fault| match fault {
            Fault::Answer(failure) => failure.code,
            _ => 0,
        };
        assert_eq!(faults.next(None), Fault::None);
        assert_eq!(code(faults.next(Some("nodes"))), 429);
        assert_eq!(code(faults.next(Some("secrets"))), 403);
        assert_eq!(code(faults.next(Some("pods"))), 500);
        assert_eq!(faults.next(Some("nodes")), Fault::None);
        assert_eq!(faults.next(Some("nodes")), Fault::Die);
        assert_eq!(faults.next(None), Fault::None);
    }
}
