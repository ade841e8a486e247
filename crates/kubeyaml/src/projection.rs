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
    /// Keep everything below.
    whole: bool,
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

    /// Keeps what stands at the end of `names`; `*` is any key.
    pub fn keep(&mut self, names: &[&str]) {
        let Some((name, rest)) = names.split_first() else {
            self.whole = true;
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
        self.whole
    }

    /// What is wanted below a key; `None` if nothing is.
    #[inline]
    pub fn field(&self, key: &str) -> Option<&Self> {
        if self.whole {
            return Some(self);
        }
        self.fields
            .iter()
            .find(|(name, _)| **name == *key)
            .map(|(_, field)| field)
            .or(self.any.as_deref())
    }
}

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
