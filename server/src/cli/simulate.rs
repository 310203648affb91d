//! `sanu simulate`, and the census that `serve --demo` starts with.

use std::net::SocketAddr;

use anyhow::Context as _;

use super::{answer, args::Simulate, device, notice};
use crate::{
    app::{Base, Settings},
    runtime::Runtime,
    simulate::{Plan, run as send},
};

pub(super) async fn run(settings: Settings, args: Simulate, json: bool) -> anyhow::Result<()> {
    let runtime = Runtime::system();
    let day = runtime.now().date();
    let server_urls = if args.server.contains("/v1/key/") {
        vec![args.server.clone()]
    } else {
        phones(settings, &args).await?
    };
    let plan = Plan {
        server_urls,
        devices: args.devices,
        records: args.records,
        seed: args.seed,
        native: args.native,
        resend: args.resend,
        progress: true,
        day,
    };
    let report = send(plan).await.context("simulate")?;
    let value = serde_json::to_value(&report)?;
    if json {
        answer(&value);
    } else {
        notice(&value.to_string());
    }
    anyhow::ensure!(report.refused == 0, "the server refused {} submissions", report.refused);
    Ok(())
}

/// Adds phones for a simulation to the data folder of a server on this machine.
async fn phones(settings: Settings, args: &Simulate) -> anyhow::Result<Vec<String>> {
    let base = Base::open(settings, Runtime::system()).await.context(
        "without a phone's address (…/v1/key/TOKEN/projects/1), simulate adds phones to the data \
         folder of the server (--data)",
    )?;
    let mut urls = Vec::new();
    for (i, zone) in
        ["kayes", "koulikoro", "sikasso"].into_iter().enumerate().take(args.devices.max(1))
    {
        let added = device::add(&base, &format!("simulation-{}", i + 1), Some(zone)).await?;
        urls.push(format!(
            "{}/v1/key/{}/projects/1",
            args.server.trim_end_matches('/'),
            added.token
        ));
    }
    base.db.close().await;
    Ok(urls)
}

/// Fills an empty register through the front door, like any fleet of phones.
pub(super) async fn demo(base: Base, address: SocketAddr, tls: bool, records: usize) {
    if let Err(error) = try_demo(&base, address, tls, records).await {
        notice(&format!("demonstration: {error:#}"));
    }
}

async fn try_demo(
    base: &Base,
    address: SocketAddr,
    tls: bool,
    records: usize,
) -> anyhow::Result<()> {
    anyhow::ensure!(!tls, "the demonstration speaks plain HTTP: start it without --tls-cert");
    let mut tx = base.db.read().await?;
    let seq: i64 =
        tx.query("SELECT seq FROM journal_head WHERE id = 1").fetch_one().await?.get(0)?;
    drop(tx);
    if seq > 0 {
        notice("demonstration: the register is not empty, nothing is added");
        return Ok(());
    }
    let host = if address.ip().is_unspecified() {
        SocketAddr::new([127, 0, 0, 1].into(), address.port())
    } else {
        address
    };
    let mut server_urls = Vec::new();
    for zone in ["kayes", "koulikoro", "sikasso"] {
        let added = device::add(base, &format!("demo-{zone}"), Some(zone)).await?;
        server_urls.push(format!("http://{host}/v1/key/{}/projects/1", added.token));
    }
    let day = base.runtime.now().date();
    let plan = Plan {
        server_urls,
        devices: 3,
        records,
        seed: 1,
        native: false,
        resend: 0.02,
        progress: false,
        day,
    };
    let report = send(plan).await?;
    notice(&format!(
        "demonstration: {} synthetic records sent by 3 phones, {} accepted. None of these people exists.",
        report.sent, report.accepted
    ));
    Ok(())
}
