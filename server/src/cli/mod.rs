//! The command line. What was asked for goes to stdout: with `--json` one object, else lines of text. Progress, notices
//! and logs go to stderr; exit codes: 0 done, 1 failed, 2 usage.

mod account;
mod args;
mod backup;
mod check;
mod check_rules;
mod device;
mod export;
mod export_form;
mod files;
mod follow;
mod form;
mod geography;
mod import;
mod link;
mod progress;
mod qr;
mod rebuild;
mod restore;
mod serve;
mod simulate;
mod zone;

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;

use args::{Args, Command};

use crate::{
    app::{Base, Settings},
    apply,
    db::Db,
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

/// What is logged unless `SANU_LOG` says otherwise. Statements that take a second are no news in a migration or an import.
const QUIET: &str = "warn,sanu=info,sqlx::query=error";

fn log(environment: &Environment) {
    let filter = environment.log.as_deref().unwrap_or(QUIET);
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
        Command::Account { action } => account::run(&open(settings).await?, action, json).await,
        Command::Device { action } => device::run(&open(settings).await?, action, json).await,
        Command::Form { action } => form::run(&open(settings).await?, action, json).await,
        Command::Geography { action } => {
            geography::run(&open_whole(settings).await?, action, json).await
        }
        Command::Import(import) => Box::pin(import::run(settings, import, json)).await,
        Command::Export(export) => export::run(&open_whole(settings).await?, export, json).await,
        Command::Link(list) => link::run(&list, json),
        Command::Backup(args) => backup::run(settings, args, json).await,
        Command::Restore { file } => restore::run(&settings, &file, json).await,
        Command::Rebuild => Box::pin(rebuild::run(settings, json)).await,
        Command::Check { rules: true, .. } => {
            check_rules::run(&open_whole(settings).await?, json).await
        }
        Command::Check { quick, .. } => check::run(&open_whole(settings).await?, quick, json).await,
        Command::DerivedHash => rebuild::hash(&open(settings).await?, json).await,
        Command::Migrate => migrate(settings).await,
    }
}

/// Opens the register that a command works on. Only `serve` and `migrate` make one: a stray register, made where nobody
/// meant it, would hold accounts and phones that the real one does not know.
async fn open(settings: Settings) -> anyhow::Result<Base> {
    // Opening brings the schema up to date: that is not for a register which an older program serves.
    if settings.may_hold_register()
        && serve::is_served(&settings.data)
        && Db::is_behind(&settings.database()).await?
    {
        anyhow::bail!(
            "un serveur d'une version antérieure sert {}, rien n'y a été changé : l'arrêter, puis démarrer « sanu serve » de \
             cette version / an older sanu serves it, nothing was changed: stop it, then start `sanu serve` of this version",
            settings.data.display()
        );
    }
    Ok(Base::existing(settings, Runtime::system()).await?)
}

/// The same for a command that reads what is derived: of half a register it would say what is not so.
async fn open_whole(settings: Settings) -> anyhow::Result<Base> {
    let base = open(settings).await?;
    whole(&base).await?;
    Ok(base)
}

async fn whole(base: &Base) -> anyhow::Result<()> {
    anyhow::ensure!(
        !apply::is_under_way(&base.db).await?,
        "sanu rebuild n'est pas fini. S'il tourne, attendre sa fin ; s'il a été interrompu, le relancer ou démarrer sanu serve, \
         qui le termine / a rebuild is not finished: wait for it, or run it again"
    );
    Ok(())
}

async fn migrate(settings: Settings) -> anyhow::Result<()> {
    let data = settings.data.display().to_string();
    let base = Base::open(settings, Runtime::system()).await?;
    if base.first_start {
        notice(&format!(
            "note: {data} held no register; a new one was made (another one? give --data)"
        ));
    }
    notice(&format!("schema is up to date ({})", base.db.backend()));
    base.db.close().await;
    Ok(())
}

/// Prints the one JSON answer of a command.
#[expect(clippy::print_stdout, reason = "stdout is for answers")]
fn answer(value: &serde_json::Value) {
    println!("{value}");
}

/// Prints a line of a text result.
fn result(line: &str) {
    // Whoever reads only the first lines (`| head`) has what they wanted.
    let _closed = writeln!(std::io::stdout(), "{line}");
}

/// Tells the person at the terminal something.
fn notice(text: &str) {
    eprintln!("{text}");
}
