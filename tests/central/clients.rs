//! Programs that researchers use: pyodk, and a general `OData` client.

use std::process::Command;

use super::{populate, publish_orchard};
use crate::{
    ogc::clients::{has, python, run_script},
    support::Server,
};

/// A server that has something to read, with an account that may.
fn world() -> (Server, String) {
    let server = Server::sqlite();
    populate(&server);
    publish_orchard(&server);
    let password = server.account("gestion", "data_manager", None);
    (server, password)
}

fn run(name: &str) {
    let (server, password) = world();
    let mut command = Command::new(python());
    command
        .env("SANU_URL", &server.url)
        .env("SANU_LOGIN", "gestion")
        .env("SANU_PASSWORD", password);
    run_script(&mut command, name);
}

#[test]
fn pyodk_reads_forms_submissions_and_entities() {
    if has("pyodk", Command::new(python()).args(["-c", "import pyodk.client"])) {
        run("pyodk_client.py");
    }
}

#[test]
fn an_odata_client_understands_the_description_of_every_table() {
    if has("python-odata", Command::new(python()).args(["-c", "import odata"])) {
        run("odata_client.py");
    }
}
