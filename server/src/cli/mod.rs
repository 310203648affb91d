//! The command line. `--json` answers are one object on stdout; everything else goes to stderr;
//! exit codes: 0 done, 1 failed, 2 usage.

mod account;
mod args;
mod check;
mod device;
mod form;
mod geography;
mod link;
mod progress;
mod qr;
mod rebuild;
mod serve;
mod simulate;
mod zone;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

use crate::{
    app::{Base, Settings},
    runtime::Runtime,
};

/// What `main` read from the environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `SANU_DATA`
    pub data: Option<String>,
    /// `SANU_DATABASE_URL`
    pub database_url: Option<String>,
    /// `SANU_MASTER_KEY`
    pub master_key: Option<String>,
    /// `SANU_CHILDREN_KEY`
    pub children_key: Option<String>,
    /// `SANU_LOG`
    pub log: Option<String>,
    /// `SANU_LOG_FORMAT=json`
    pub log_json: bool,
}

/// Parses the command line and runs it.
pub fn run(environment: &Environment) -> ExitCode {
    let args = Args::parse();
    log(environment);
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match threads {
        Ok(threads) => threads.block_on(dispatch(args, environment)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sanu: {}", said_once(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, without those that the text before already tells.
fn said_once(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

fn log(environment: &Environment) {
    let filter = environment.log.as_deref().unwrap_or("warn,sanu=info");
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second initialisation (in tests) keeps the first.
    let _first_wins = if environment.log_json {
        builder.json().try_init()
    } else {
        builder.with_ansi(false).try_init()
    };
}

async fn dispatch(args: Args, environment: &Environment) -> anyhow::Result<()> {
    let mut settings = Settings::new(
        args.data
            .or_else(|| environment.data.clone())
            .unwrap_or_else(|| String::from("./sanu-data")),
    );
    settings.database_url = args.database_url.or_else(|| environment.database_url.clone());
    if let Some(url) = &settings.database_url {
        anyhow::ensure!(
            url.starts_with("postgres://") || url.starts_with("postgresql://"),
            "the database URL starts with postgres://"
        );
    }
    settings.master_keys = (environment.master_key.clone(), environment.children_key.clone());
    let json = args.json;
    match args.command {
        Command::Serve(serve) => serve::run(settings, serve).await,
        Command::Simulate(simulate) => simulate::run(settings, simulate, json).await,
        Command::Account { action } => {
            let base = if matches!(action, args::Account::Add { .. }) {
                open(settings).await?
            } else {
                open_existing(settings).await?
            };
            account::run(&base, action, json).await
        }
        Command::Device { action } => {
            let base = if matches!(action, args::Device::Add { .. }) {
                open(settings).await?
            } else {
                open_existing(settings).await?
            };
            device::run(&base, action, json).await
        }
        Command::Form { action } => form::run(&open(settings).await?, action, json).await,
        Command::Geography { action } => geography::run(&open(settings).await?, action, json).await,
        Command::Link(list) => link::run(&list, json),
        Command::Rebuild => rebuild::run(settings, json).await,
        Command::Check { quick } => check::run(&open_existing(settings).await?, quick, json).await,
        Command::DerivedHash => rebuild::hash(&open_existing(settings).await?).await,
        Command::Migrate => {
            let base = open(settings).await?;
            notice(&format!("schema is up to date ({})", base.db.backend()));
            base.db.close().await;
            Ok(())
        }
    }
}

/// Opens the data folder. A new one is made, but never without a word: it is usually a mistake.
async fn open(settings: Settings) -> anyhow::Result<Base> {
    let data = settings.data.display().to_string();
    let base = Base::open(settings, Runtime::system()).await?;
    if base.first_start {
        notice(&format!(
            "note: {data} held no register; a new one was made (another one? give --data)"
        ));
    }
    Ok(base)
}

/// Opens a register that must be there: nothing to list, check or revoke in a new one.
async fn open_existing(settings: Settings) -> anyhow::Result<Base> {
    let embedded = settings.database_url.is_none();
    anyhow::ensure!(
        !embedded || settings.data.join("sanu.db").is_file(),
        "there is no register in {}: give its folder with --data",
        settings.data.display()
    );
    open(settings).await
}

/// Prints the one JSON answer of a command.
#[expect(clippy::print_stdout, reason = "stdout is for answers")]
fn answer(value: &serde_json::Value) {
    println!("{value}");
}

/// Tells the person at the terminal something.
fn notice(text: &str) {
    eprintln!("{text}");
}
