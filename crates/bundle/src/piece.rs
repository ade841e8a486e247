//! The text of a chunk, whose memory serves the chunks behind it once nobody looks at it any more.

use std::{borrow::Cow, fmt, ops::Deref, sync::Arc};

use crate::cut::Pool;

/// Whole lines of a file, as a `str`.
pub struct Piece<'a> {
    text: Cow<'a, str>,
    /// Where its memory goes.
    pool: Option<Arc<Pool>>,
}

impl<'a> Piece<'a> {
    /// A text whose memory is used again.
    pub(crate) fn pooled(text: String, pool: Arc<Pool>) -> Self {
        Self {
            text: Cow::Owned(text),
            pool: Some(pool),
        }
    }

    /// The text itself, which is not used again.
    pub fn into_cow(mut self) -> Cow<'a, str> {
        std::mem::take(&mut self.text)
    }
}

impl Drop for Piece<'_> {
    fn drop(&mut self) {
        if let (Some(pool), Cow::Owned(text)) = (&self.pool, &mut self.text) {
            pool.give(std::mem::take(text).into_bytes());
        }
    }
}

impl<'a> From<Cow<'a, str>> for Piece<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self { text, pool: None }
    }
}

impl<'a> From<&'a str> for Piece<'a> {
    fn from(text: &'a str) -> Self {
        Cow::Borrowed(text).into()
    }
}

impl From<String> for Piece<'_> {
    fn from(text: String) -> Self {
        Cow::<str>::Owned(text).into()
    }
}

impl Clone for Piece<'_> {
    fn clone(&self) -> Self {
        self.text.clone().into()
    }
}

impl Deref for Piece<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for Piece<'_> {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Piece<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Piece<'_> {}

impl fmt::Debug for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}
