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

    /// Leaves out what stands at the end of `names`, of something that is kept otherwise.
    pub fn leave_out(&mut self, names: &[&str]) {
        let Some((name, rest)) = names.split_first() else {
            *self = Self {
                nothing: true,
                ..Self::default()
            };
            return;
        };
        if let Some((_, field)) = self.fields.iter_mut().find(|(known, _)| **known == **name) {
            return field.leave_out(rest);
        }
        let mut field = Self::whole();
        field.leave_out(rest);
        self.fields.push(((*name).into(), field));
    }

    /// Keeps what stands at the end of `names`; `*` is any key.
    pub fn keep(&mut self, names: &[&str]) {
        let Some((name, rest)) = names.split_first() else {
            *self = Self::whole();
            return;
        };
        if *name == "*" {
            self.any.get_or_insert_default().keep(rest);
            for (_, field) in &mut self.fields {
                field.keep(rest);
            }
        } else if let Some((_, field)) = self.fields.iter_mut().find(|(known, _)| **known == **name)
        {
            field.keep(rest);
        } else {
            // What is wanted of any key is wanted of this one too.
            let mut field = self.any.as_deref().cloned().unwrap_or_default();
            field.keep(rest);
            self.fields.push(((*name).into(), field));
        }
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
}
