//! The program `sanu`: reads the environment and the command line, nothing else.

use std::process::ExitCode;

/// Apply makes and drops millions of small values on two threads: the allocator of the C library took a third of
/// its time there, and kept what was freed.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
