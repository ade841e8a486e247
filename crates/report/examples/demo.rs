//! Writes the demo incident in the format of the path's ending: `demo out.html [incident|quiet|inconclusive|long|huge|hostile|endless]`.

use std::fs::File;
use std::io::{BufWriter, Error, Result, Write};
use std::path::Path;

use coldcase_report::model::Report;
use coldcase_report::{Format, render};

#[path = "../tests/fixture/mod.rs"]
mod fixture;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or_else(|| Error::other("usage: demo FILE [REPORT]"))?;
    let name = Path::new(&path).file_name().and_then(|name| name.to_str());
    let format = name.and_then(Format::of_file).unwrap_or(Format::Html);
    let report = choose(arguments.next().as_deref().unwrap_or("incident"))?;
    let mut out = BufWriter::new(File::create(&path)?);
    render(&report, format, &mut out)?;
    out.flush()
}

fn choose(name: &str) -> Result<Report> {
    match name {
        "incident" => Ok(fixture::kube_proxy_oom()),
        "quiet" => Ok(fixture::nothing_found()),
        "inconclusive" => Ok(fixture::inconclusive()),
        "long" => Ok(fixture::long(5_000)),
        "huge" => Ok(fixture::long(50_000)),
        "hostile" => Ok(fixture::hostile("</script><img src=x onerror=alert(1)>")),
        "endless" => Ok(fixture::hostile(&"endless-name-".repeat(30))),
        other => Err(Error::other(format!("no report named {other}"))),
    }
}
