//! The command line. `--json` answers are one object on stdout; everything else goes to stderr;
//! exit codes: 0 done, 1 failed, 2 usage.

mod account;
mod args;
mod check;
mod device;
mod form;
mod geography;
mod qr;
mod rebuild;
mod serve;
mod simulate;

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
            eprintln!("sanu: {error:#}");
            ExitCode::FAILURE
        }
    }
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
    settings.master_keys = (environment.master_key.clone(), environment.children_key.clone());
    let json = args.json;
    match args.command {
        Command::Serve(serve) => serve::run(settings, serve).await,
        Command::Simulate(simulate) => simulate::run(settings, simulate, json).await,
        Command::Account { action } => account::run(&open(settings).await?, action, json).await,
        Command::Device { action } => device::run(&open(settings).await?, action, json).await,
        Command::Form { action } => form::run(&open(settings).await?, action, json).await,
        Command::Geography { action } => geography::run(&open(settings).await?, action, json).await,
        Command::Rebuild => rebuild::run(settings, json).await,
        Command::Check { quick } => check::run(&open(settings).await?, quick, json).await,
        Command::DerivedHash => rebuild::hash(&open(settings).await?).await,
        Command::Migrate => {
            let base = open(settings).await?;
            notice(&format!("schema is up to date ({})", base.db.backend()));
            base.db.close().await;
            Ok(())
        }
    }
}

/// Opens the data folder, making it at first use.
async fn open(settings: Settings) -> anyhow::Result<Base> {
    Ok(Base::open(settings, Runtime::system()).await?)
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
