//! The program `sanu`: reads the environment and the command line, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    sanu::cli::run(&environment())
}

/// The only place that reads the environment.
#[expect(clippy::disallowed_methods, reason = "main is the one place that reads the environment")]
fn environment() -> sanu::cli::Environment {
    let get = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    sanu::cli::Environment {
        data: get("SANU_DATA"),
        database_url: get("SANU_DATABASE_URL"),
        master_key: get("SANU_MASTER_KEY"),
        children_key: get("SANU_CHILDREN_KEY"),
        log: get("SANU_LOG"),
        log_json: get("SANU_LOG_FORMAT").is_some_and(|v| v == "json"),
    }
}
