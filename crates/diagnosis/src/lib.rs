//! Turns findings into ranked causes and a timeline.
