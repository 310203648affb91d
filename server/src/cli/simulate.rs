//! `sanu simulate`, and the census that `serve --demo` starts with.

use std::net::SocketAddr;

use anyhow::Context as _;

use serde_json::json;

use super::{
    answer,
    args::{Care, Simulate},
    device, notice, progress, result,
};
use crate::{
    app::{Base, Settings, is_demo},
    runtime::Runtime,
    simulate::{Compression, Mix, Plan, Registrations, run as send, write_registrations},
};

/// Where the simulated phones work.
const ZONES: [&str; 3] = ["kayes", "koulikoro", "sikasso"];

pub(super) async fn run(settings: Settings, args: Simulate, json: bool) -> anyhow::Result<()> {
    let Some(server) = &args.server else { return registrations(&args, json) };
    let runtime = Runtime::system();
    let day = runtime.now().date();
    let server_urls = if server.contains("/v1/key/") {
        vec![server.clone()]
    } else {
        phones(settings, server, &args).await?
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
        for (what, figure) in value.as_object().into_iter().flatten() {
            result(&format!("{what}\t{figure}"));
        }
    }
    anyhow::ensure!(report.refused == 0, "the server refused {} submissions", report.refused);
    Ok(())
}

/// Writes a list of registrations and the truth about it.
fn registrations(args: &Simulate, json: bool) -> anyhow::Result<()> {
    let (Some(count), Some(folder)) = (args.registrations, &args.out) else {
        anyhow::bail!(
            "say where to send with --server, or what to write with --registrations and --out"
        );
    };
    let mix = match args.mix {
        Care::Field => Mix::FIELD,
        Care::Harsh => Mix::HARSH,
    };
    let compression = if args.gzip { Compression::Gzip } else { Compression::None };
    let plan = Registrations::plan(args.seed, count, mix);
    let bar = progress::bar(u64::try_from(count)?, "registrations");
    let files = write_registrations(&plan, folder, compression, |done| {
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    })
    .with_context(|| format!("cannot write to {}", folder.display()))?;
    bar.finish_and_clear();
    if json {
        answer(&json!({
            "records": files.records,
            "registrations": files.registrations,
            "truth": files.truth,
        }));
    } else {
        notice(&format!(
            "{} registrations in {}, who is who in {}. None of these people exists.",
            files.records,
            files.registrations.display(),
            files.truth.display()
        ));
    }
    Ok(())
}

/// Adds phones for a simulation to the data folder of a server on this machine: invented people among real ones would be
/// counted like them.
async fn phones(settings: Settings, server: &str, args: &Simulate) -> anyhow::Result<Vec<String>> {
    let base = Base::existing(settings, Runtime::system()).await.context(
        "without a phone's address (…/v1/key/TOKEN/projects/1), simulate adds phones to the data \
         folder of the server (--data)",
    )?;
    let data = base.settings.data.display();
    anyhow::ensure!(
        args.into_real_register || is_demo(&base.db).await?,
        "simulate refusé : {data} est un vrai registre, rien n'y a été changé ; les personnes inventées y seraient comptées. \
         Pour essayer : `sanu serve --demo` dans un autre dossier (--data ./essai) ; pour un banc d'essai : \
         --into-real-register / refused: {data} holds a real register, nothing was changed. To try things out: `sanu \
         serve --demo` in another folder (--data ./try); for a bench: --into-real-register"
    );
    let mut urls = Vec::new();
    for zone in ZONES.into_iter().take(args.devices.max(1)) {
        let added = device::add_one_of(&base, &format!("simulation-{zone}"), zone).await?;
        urls.push(format!("{}/v1/key/{}/projects/1", server.trim_end_matches('/'), added.token));
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
    for zone in ZONES {
        let added = device::add_one_of(base, &format!("demo-{zone}"), zone).await?;
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
        "demonstration: {} synthetic records sent by 3 phones, {} stored (the others were sent twice). None of these people exists.",
        report.sent, report.accepted
    ));
    Ok(())
}
