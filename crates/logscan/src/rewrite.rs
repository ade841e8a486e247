//! Regexes made from a regex: what is left of it on ASCII text, and one that needs no context.

use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look,
    Repetition,
};

/// How the parts of a regex are replaced.
trait Rewrite {
    fn look(look: Look) -> Hir;
    fn literal(text: &[u8]) -> bool;
    fn letters(class: &mut ClassUnicode);
    fn bytes(class: &mut ClassBytes);
}

fn rewrite<R: Rewrite>(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => R::look(*look),
        HirKind::Literal(text) if R::literal(&text.0) => Hir::literal(text.0.clone()),
        HirKind::Literal(_) => Hir::fail(),
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            R::letters(&mut class);
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut class = class.clone();
            R::bytes(&mut class);
            Hir::class(Class::Bytes(class))
        }
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(rewrite::<R>(&repetition.sub)),
            ..*repetition
        }),
        HirKind::Capture(capture) => rewrite::<R>(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(rewrite::<R>).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(rewrite::<R>).collect()),
    }
}

/// A regex that matches the same on ASCII text.
///
/// Compiling a pattern without Unicode would not do: `(?i)\u{212A}` matches `k`.
pub(crate) fn ascii_only(hir: &Hir) -> Hir {
    struct Ascii;
    impl Rewrite for Ascii {
        fn look(look: Look) -> Hir {
            Hir::look(match look {
                Look::WordUnicode => Look::WordAscii,
                Look::WordUnicodeNegate => Look::WordAsciiNegate,
                Look::WordStartUnicode => Look::WordStartAscii,
                Look::WordEndUnicode => Look::WordEndAscii,
                Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
                Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
                other => other,
            })
        }
        fn literal(text: &[u8]) -> bool {
            text.is_ascii()
        }
        fn letters(class: &mut ClassUnicode) {
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7F')]));
        }
        fn bytes(class: &mut ClassBytes) {
            class.intersect(&ClassBytes::new([ClassBytesRange::new(0, 0x7F)]));
        }
    }
    rewrite::<Ascii>(hir)
}

/// A regex that matches wherever the given one does on a line, whatever surrounds it: positions cost nothing, and
/// nothing crosses a newline.
pub(crate) fn without_context(hir: &Hir) -> Hir {
    struct Loose;
    impl Rewrite for Loose {
        fn look(_: Look) -> Hir {
            Hir::empty()
        }
        fn literal(text: &[u8]) -> bool {
            !text.contains(&b'\n')
        }
        fn letters(class: &mut ClassUnicode) {
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]));
        }
        fn bytes(class: &mut ClassBytes) {
            class.difference(&ClassBytes::new([ClassBytesRange::new(b'\n', b'\n')]));
        }
    }
    rewrite::<Loose>(hir)
}
