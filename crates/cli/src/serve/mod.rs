//! `coldcase serve`: a read-only Kubernetes API over a bundle on this machine, for kubectl and its kin.

mod head;
mod kubeconfig;
mod server;

use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use coldcase_serve::{Api, Faults};
use coldcase_snapshot::{Options, yaml};

use crate::{args::Reading, error::Failure, output, progress::Progress, reading};

use server::Server;

/// Arguments of `coldcase serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Directories, archives or files, read together as `analyze` does; `-` is standard input
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Write a kubeconfig for it here; an existing file is only replaced if this command wrote it
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Listen on an address that other machines reach. There is no encryption and no password: whoever reaches it reads the whole bundle
    #[arg(long)]
    pub allow_remote: bool,
    #[command(flatten)]
    pub faults: FaultArguments,
    #[command(flatten)]
    pub reading: Reading,
}

/// Faults, to test what talks to an API server.
#[derive(Debug, Args)]
#[command(next_help_heading = "Faults on demand")]
pub(crate) struct FaultArguments {
    /// Forbid a resource (`pods`, `secrets`, `logs` for those of pods, `*` for all); may be given several times
    #[arg(long, value_name = "KIND")]
    pub refuse: Vec<String>,
    /// Let all requests for a resource fail with this code; may be given several times
    #[arg(long, value_name = "KIND=CODE", value_parser = failing)]
    pub fail: Vec<(String, u16)>,
    /// Never answer requests for a resource; may be given several times
    #[arg(long, value_name = "KIND")]
    pub hang: Vec<String>,
    /// Milliseconds to wait before each answer
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=600_000))]
    pub slow: u64,
    /// Answer the first N requests for resources with 429 and Retry-After
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub busy: u64,
    /// End without an answer at the request after N requests for resources
    #[arg(long, value_name = "N")]
    pub die_after: Option<u64>,
}

fn failing(text: &str) -> Result<(String, u16), String> {
    let (kind, code) = text
        .split_once('=')
        .ok_or("give a resource and a code, such as pods=500")?;
    match code.parse() {
        Ok(code @ 400..=599) => Ok((kind.to_owned(), code)),
        _ => Err(format!("`{code}` is no code from 400 to 599")),
    }
}

/// Runs the command; it ends when it is told to.
pub(crate) fn run(arguments: &Serve) -> Result<ExitCode, Failure> {
    let address = arguments.listen;
    if !address.ip().is_loopback() && !arguments.allow_remote {
        return Err(Failure::Remote(address));
    }
    if let Some(path) = &arguments.kubeconfig {
        kubeconfig::check(path)?;
    }
    let options = reading::options(&arguments.reading, |_| true)?;
    let options = Options {
        yaml: yaml::Reading {
            fields: None,
            ..options.yaml
        },
        ..options
    };
    // A port that is taken is known before a large bundle is read.
    let listener = TcpListener::bind(address).map_err(|error| Failure::Listen(address, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::Listen(address, error))?;
    let progress = Progress::new(false);
    progress.reading(&arguments.bundles);
    let bundle = reading::open(&arguments.bundles, &arguments.reading.limits)?;
    let name = bundle.name.clone();
    progress.step("reading objects and logs");
    let api = Api::new(bundle, &options);
    drop(progress);
    let summary = api.summary();
    let faults = faults(&arguments.faults, &api)?;
    let serving = format!(
        "serving {name} on http://{address}: {} objects, {} logs{}\n",
        summary.objects,
        summary.logs,
        summary
            .captured_at
            .map_or(String::new(), |time| format!(", captured {time:.0}"))
    );
    let next = match &arguments.kubeconfig {
        Some(path) => {
            kubeconfig::write(path, &name, address)?;
            kubeconfig::export_line(path)
        }
        None => format!("kubectl --server=http://{address} get pods -A\n"),
    };
    let mut out = std::io::stdout().lock();
    // Whoever started it may not be interested.
    let _ = write!(out, "{serving}{next}").and_then(|()| out.flush());
    drop(out);
    let server = Arc::new(Server::new(api, faults, address, arguments.allow_remote));
    let code = server.run(&listener);
    output::complain("ended on demand");
    Ok(code)
}

/// The faults; one for a resource that nothing could ask for is a slip of the pen.
fn faults(arguments: &FaultArguments, api: &Api) -> Result<Faults, Failure> {
    let plural = |flag: &'static str, word: &String| match word.as_str() {
        "*" | "logs" => Ok(word.clone()),
        _ => api
            .plural_of(word)
            .ok_or_else(|| Failure::Fault(flag, word.clone())),
    };
    let all = |flag: &'static str, words: &[String]| -> Result<Vec<String>, Failure> {
        words.iter().map(|word| plural(flag, word)).collect()
    };
    Ok(Faults {
        refuse: all("--refuse", &arguments.refuse)?,
        fail: arguments
            .fail
            .iter()
            .map(|(word, code)| Ok((plural("--fail", word)?, *code)))
            .collect::<Result<_, Failure>>()?,
        hang: all("--hang", &arguments.hang)?,
        slow: arguments.slow,
        busy: arguments.busy,
        die_after: arguments.die_after,
        ..Faults::default()
    })
}
