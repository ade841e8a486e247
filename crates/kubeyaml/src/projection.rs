//! Which fields a caller wants: everything else is stepped over without being read.

/// A tree of wanted field names. Lists are transparent: `spec.containers[].image` and `spec.containers.image` are the same.
///
/// ```
/// use kubeyaml::{Node, Options, Projection};
///
/// let wanted = Projection::new(["metadata.name", "spec.containers[].image"]);
/// let text = "metadata:\n  name: a\n  uid: b\nspec:\n  containers:\n  - image: c\n    name: d\n";
/// let node = Node::read_with(text, &Options { projection: Some(&wanted), ..Options::default() })?;
/// assert!(node.at(&["metadata", "uid"]).is_none());
/// assert_eq!(node.at(&["spec", "containers"]).unwrap().items()[0].get("image").unwrap().as_str(), Some("c"));
/// # Ok::<(), kubeyaml::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    /// Keep everything below, but for what `fields` names.
    whole: bool,
    /// Keep nothing: an exception from what is kept around it.
    nothing: bool,
    fields: Vec<(Box<str>, Projection)>,
    /// For keys that `fields` does not name.
    any: Option<Box<Projection>>,
}

impl Projection {
    /// Compiles paths: names joined by `.`, optional `[]` after a list, `*` for any key. A path keeps everything
    /// below its last name. Names that contain dots need [`keep`](Self::keep).
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut projection = Self::default();
        for path in paths {
            let names: Vec<&str> = path
                .split('.')
                .map(|name| name.strip_suffix("[]").unwrap_or(name))
                .filter(|name| !name.is_empty())
                .collect();
            projection.keep(&names);
        }
        projection
    }

    /// Everything but some paths, written as for [`new`](Self::new); `*` is not understood here.
    ///
    /// ```
    /// use kubeyaml::{Node, Options, Projection};
    ///
    /// let wanted = Projection::except(["metadata.managedFields[].fieldsV1"]);
    /// let text = "metadata:\n  managedFields:\n  - fieldsV1:\n      f:spec: {}\n    time: t\n  name: a\n";
    /// let node = Node::read_with(text, &Options { projection: Some(&wanted), ..Options::default() })?;
    /// let managed = &node.at(&["metadata", "managedFields"]).unwrap().items()[0];
    /// assert!(managed.get("fieldsV1").is_none() && managed.get("time").is_some());
    /// # Ok::<(), kubeyaml::Error>(())
    /// ```
    pub fn except<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut projection = Self::whole();
        for path in paths {
            let names: Vec<&str> = path
                .split('.')
                .map(|name| name.strip_suffix("[]").unwrap_or(name))
                .filter(|name| !name.is_empty())
                .collect();
            projection.leave_out(&names);
        }
        projection
    }

    fn whole() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    /// Leaves out what stands at the end of `names`. What was not kept before stays so: leaving out never starts
    /// keeping.
    pub fn leave_out(&mut self, names: &[&str]) {
        let Some((name, rest)) = names.split_first() else {
            *self = Self {
                nothing: true,
                ..Self::default()
            };
            return;
        };
        if let Some(field) = self.named(name) {
            field.leave_out(rest);
        }
    }

    /// Keeps what stands at the end of `names`, besides what is kept already; `*` is any key. Keeping never narrows,
    /// and takes back what was left out there.
    pub fn keep(&mut self, names: &[&str]) {
        let Some((name, rest)) = names.split_first() else {
            *self = Self::whole();
            return;
        };
        self.nothing = false;
        if *name == "*" {
            if !self.whole {
                self.any.get_or_insert_default().keep(rest);
            }
            for (_, field) in &mut self.fields {
                field.keep(rest);
            }
        } else if let Some(field) = self.named(name) {
            field.keep(rest);
        } else {
            let mut field = Self::default();
            field.keep(rest);
            self.fields.push(((*name).into(), field));
        }
        if self.whole {
            self.fields.retain(|(_, field)| !field.is_whole());
        }
    }

    /// What is said about a name, for changing it: at first what is said about any key. `None` if none of it is kept.
    fn named(&mut self, name: &str) -> Option<&mut Self> {
        let known = self.fields.iter().position(|(known, _)| **known == *name);
        let at = known.unwrap_or(self.fields.len());
        if known.is_none() {
            let field = if self.whole {
                Self::whole()
            } else {
                self.any.as_deref().cloned()?
            };
            self.fields.push((name.into(), field));
        }
        self.fields.get_mut(at).map(|(_, field)| field)
    }

    /// Whether everything below is wanted.
    pub fn is_whole(&self) -> bool {
        self.whole && self.fields.is_empty()
    }

    /// What is wanted below a key; `None` if nothing is.
    #[inline]
    pub fn field(&self, key: &str) -> Option<&Self> {
        if let Some((_, field)) = self.fields.iter().find(|(name, _)| **name == *key) {
            return Some(field).filter(|field| !field.nothing);
        }
        if self.whole {
            return Some(&WHOLE);
        }
        self.any.as_deref()
    }
}

/// What is kept of a field that nothing is said about, where everything is kept.
static WHOLE: Projection = Projection {
    whole: true,
    nothing: false,
    fields: Vec::new(),
    any: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_join_named_fields() {
        let wanted = Projection::new(["data.*.a", "data.x.b", "status", "status.phase"]);
        let data = wanted.field("data").unwrap();
        assert!(data.field("x").unwrap().field("a").unwrap().is_whole());
        assert!(data.field("x").unwrap().field("b").unwrap().is_whole());
        assert!(data.field("y").unwrap().field("b").is_none());
        assert!(wanted.field("status").unwrap().field("reason").is_some());
        assert!(wanted.field("spec").is_none());
        let late = Projection::new(["data.x.b", "data.*.a"]);
        let x = late.field("data").unwrap().field("x").unwrap();
        assert!(x.field("a").is_some() && x.field("b").is_some() && x.field("c").is_none());
        assert!(Projection::new([""]).is_whole());
    }

    #[test]
    fn leaving_out_does_not_start_keeping() {
        let mut wanted = Projection::new(["metadata", "data.*.a"]);
        wanted.leave_out(&["spec", "volumes"]);
        wanted.leave_out(&["metadata", "uid"]);
        wanted.leave_out(&["data", "x", "a"]);
        assert!(wanted.field("spec").is_none());
        let metadata = wanted.field("metadata").unwrap();
        assert!(metadata.field("uid").is_none() && metadata.field("name").is_some());
        let data = wanted.field("data").unwrap();
        assert!(data.field("x").unwrap().field("b").is_none());
        assert!(data.field("x").unwrap().field("a").is_none());
        assert!(data.field("y").unwrap().field("a").is_some());
    }

    #[test]
    fn keeping_does_not_narrow() {
        let mut wanted = Projection::except([]);
        wanted.keep(&["spec", "nodeName"]);
        wanted.keep(&["*", "labels"]);
        assert!(wanted.is_whole());
        let mut wanted = Projection::except(["spec", "status.images"]);
        wanted.keep(&["spec", "nodeName"]);
        let spec = wanted.field("spec").unwrap();
        assert!(spec.field("nodeName").is_some() && spec.field("volumes").is_none());
        assert!(wanted.field("metadata").unwrap().is_whole());
        wanted.keep(&["status"]);
        assert!(wanted.field("status").unwrap().is_whole());
        wanted.keep(&["spec"]);
        assert!(wanted.is_whole());
    }

    /// One change: keeping or leaving out, and where.
    type Change = (bool, Vec<&'static str>);

    /// The definition: the last change that touches a path decides.
    fn kept(start: bool, changes: &[Change], path: &[&str]) -> bool {
        changes.iter().fold(start, |kept, (keep, names)| {
            let touches = names.len() <= path.len()
                && names
                    .iter()
                    .zip(path)
                    .all(|(name, key)| name == key || (*keep && *name == "*"));
            if touches { *keep } else { kept }
        })
    }

    proptest::proptest! {
        #[test]
        fn the_last_change_decides(
            start in proptest::bool::ANY,
            changes in proptest::collection::vec(
                (proptest::bool::ANY, proptest::collection::vec(proptest::sample::select(vec!["a", "b", "c", "*"]), 0..4)),
                0..8,
            ),
        ) {
            // What `leave_out` makes of `*` is not promised.
            let changes: Vec<Change> =
                changes.into_iter().filter(|(keep, names)| *keep || !names.contains(&"*")).collect();
            let mut wanted = if start { Projection::except([]) } else { Projection::default() };
            for (keep, names) in &changes {
                if *keep {
                    wanted.keep(names);
                } else {
                    wanted.leave_out(names);
                }
            }
            let keys = ["a", "b", "c", "d"];
            for path in (0..256_usize).map(|n| [n % 4, n / 4 % 4, n / 16 % 4, n / 64].map(|key| keys[key])) {
                let found = path.iter().try_fold(&wanted, |wanted, key| wanted.field(key)).is_some();
                proptest::prop_assert_eq!(found, kept(start, &changes, &path), "{:?}", path);
            }
        }
    }
}
