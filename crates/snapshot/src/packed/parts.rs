//! Elements of packed lists and entries of packed mappings, one after the other.

use super::{View, walk::Walk};

/// Elements of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Items<'p> {
    pub(super) all: Walk<'p>,
    pub(super) line: u32,
}

impl<'p> Items<'p> {
    /// One after the other.
    #[inline]
    pub fn iter(self) -> ItemsIter<'p> {
        ItemsIter {
            rest: self.all,
            line: self.line,
        }
    }

    /// The first one.
    pub fn first(self) -> Option<View<'p>> {
        self.iter().next()
    }

    /// One by its place; walks over those before.
    pub fn get(self, place: usize) -> Option<View<'p>> {
        self.iter().nth(place)
    }

    /// The only one, if there is no other.
    pub fn only(self) -> Option<View<'p>> {
        let mut items = self.iter();
        let first = items.next()?;
        items.next().is_none().then_some(first)
    }

    /// How many there are; walks over them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.all.at >= self.all.end
    }

    /// Whether there are as many in another list and each is to its own what is asked.
    pub(super) fn all_by<'o>(
        self,
        other: Items<'o>,
        alike: impl Fn(View<'p>, View<'o>) -> bool,
    ) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(one, other)| alike(one, other))
    }
}

impl<'p> IntoIterator for Items<'p> {
    type Item = View<'p>;
    type IntoIter = ItemsIter<'p>;

    fn into_iter(self) -> ItemsIter<'p> {
        self.iter()
    }
}

/// Goes over the elements of a list.
#[derive(Debug, Clone)]
pub struct ItemsIter<'p> {
    rest: Walk<'p>,
    line: u32,
}

impl<'p> Iterator for ItemsIter<'p> {
    type Item = View<'p>;

    #[inline]
    fn next(&mut self) -> Option<View<'p>> {
        self.rest.value(self.line)
    }
}

/// Entries of a mapping in file order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entries<'p> {
    pub(super) all: Walk<'p>,
    pub(super) line: u32,
}

impl<'p> Entries<'p> {
    /// The value of a key.
    pub fn get(self, key: &str) -> Option<View<'p>> {
        let mut entries = self.iter();
        entries.find(|(name, _)| *name == key).map(|(_, view)| view)
    }

    /// One after the other.
    #[inline]
    pub fn iter(self) -> EntriesIter<'p> {
        EntriesIter {
            rest: self.all,
            line: self.line,
        }
    }

    /// The first one.
    pub fn first(self) -> Option<(&'p str, View<'p>)> {
        self.iter().next()
    }

    /// How many there are; walks over them.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.all.at >= self.all.end
    }

    /// Whether another mapping has the same keys and each value is to its own what is asked.
    pub(super) fn all_by<'o>(
        self,
        other: Entries<'o>,
        alike: impl Fn(View<'p>, View<'o>) -> bool,
    ) -> bool {
        let mut both = self.iter().zip(other);
        self.len() == other.len()
            && both.all(|((key, one), (name, other))| key == name && alike(one, other))
    }
}

impl<'p> IntoIterator for Entries<'p> {
    type Item = (&'p str, View<'p>);
    type IntoIter = EntriesIter<'p>;

    fn into_iter(self) -> EntriesIter<'p> {
        self.iter()
    }
}

/// Goes over the entries of a mapping.
#[derive(Debug, Clone)]
pub struct EntriesIter<'p> {
    rest: Walk<'p>,
    line: u32,
}

impl<'p> Iterator for EntriesIter<'p> {
    type Item = (&'p str, View<'p>);

    #[inline]
    fn next(&mut self) -> Option<(&'p str, View<'p>)> {
        let key = self.rest.key()?;
        Some((key, self.rest.value(self.line)?))
    }
}
