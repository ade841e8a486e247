//! stub
pub(crate) fn render(_: &crate::model::Report, _: &mut dyn std::io::Write) -> std::io::Result<()> { Ok(()) }
