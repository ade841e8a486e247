//! JSON Schema of the JSON report, made from the types that are written.

use schemars::{generate::SchemaSettings, transform::RecursiveTransform};

use crate::model::{Report, SCHEMA};

/// The schema, as it is published. Fields may be added within a version, so unknown ones are allowed.
pub fn text() -> String {
    let settings = SchemaSettings::draft2020_12()
        .for_serialize()
        .with_transform(RecursiveTransform(|schema: &mut schemars::Schema| {
            // Sizes of Rust's numbers say nothing to readers, and validators do not know them.
            if schema
                .get("format")
                .is_some_and(|format| format != "date-time")
            {
                schema.remove("format");
            }
        }));
    let mut schema = settings.into_generator().into_root_schema_for::<Report>();
    let id = format!("urn:{}", SCHEMA.replace(['.', '/'], ":"));
    schema.insert("$id".to_owned(), id.into());
    schema.insert("title".to_owned(), "An incident report of coldcase".into());
    format!("{:#}\n", schema.as_value())
}
