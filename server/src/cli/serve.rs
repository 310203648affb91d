//! `sanu serve`

use std::{
    fs::File,
    net::{SocketAddr, UdpSocket},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tracing::info;

use super::{account, args::Serve, device, notice, qr, simulate};
use crate::{
    access::Role,
    app::{App, Base, Settings, create_private, is_demo},
    apply,
    http::{TlsFiles, metrics_router, router, serve, tls_acceptor},
    runtime::Runtime,
    scratch,
    store::{accounts, server},
};

pub(super) async fn run(mut settings: Settings, args: Serve) -> anyhow::Result<()> {
    settings.public_url = args.public_url.as_ref().map(|u| u.trim_end_matches('/').to_owned());
    if let Some(url) = &settings.public_url
        && !(url.starts_with("http://") || url.starts_with("https://"))
    {
        bail!("--public-url commence par http:// ou https:// / starts with http:// or https://");
    }
    settings.auto_merge = args.auto_merge;
    settings.accept = args.accept;
    settings.public_delay = args.public_delay;
    settings.demo = args.demo;
    settings.force_held_after = args.force_held_after;
    settings.location_on_head = !args.small_posts;
    if args.small_posts {
        settings.accept_length = 1_000_000;
    }
    let _lock = lock(&settings.data)?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(cert), Some(key)) => {
            Some(tls_acceptor(&TlsFiles { cert: cert.clone(), key: key.clone() })?)
        }
        _ => None,
    };
    let listener = TcpListener::bind(&args.listen).await.with_context(|| {
        format!(
            "l'adresse {} est déjà prise (un autre Sanu tourne-t-il ?) ou n'est pas à cette machine : --listen ADRESSE:PORT, par exemple \
             0.0.0.0:8081 / cannot listen there",
            args.listen
        )
    })?;
    let address = listener.local_addr()?;
    let figures = match &args.metrics {
        Some(at) => Some(figures_listener(at).await?),
        None => None,
    };
    let base = Base::open(settings, Runtime::system()).await?;
    base.blobs.clear_unfinished()?;
    scratch::clear(&base.settings.data)?;
    end_rebuild(&base).await?;
    let url = base.settings.public_url.clone().unwrap_or_else(|| local_url(address, tls.is_some()));
    remember_url(&base, &url).await?;
    if base.first_start {
        welcome(&base, &url).await?;
    } else if !has_admin(&base).await? {
        let (login, password) = add_admin(&base).await?;
        notice(&format!(
            "Ce registre n'a plus d'administrateur actif ; en voici un.\n\n{}",
            credentials(&url, &login, &password)
        ));
    }
    if !args.demo && is_demo(&base.db).await? {
        notice(
            "ATTENTION : ce registre contient la démonstration (personnes inventées). Pour un vrai recensement, donner un autre dossier : --data DOSSIER",
        );
    }
    notice(&format!("sanu listens on {address} ({}); office: {url}/", base.db.backend()));
    let (app, tasks) = App::start(base.clone());
    let demo = if args.demo {
        Some(tokio::spawn(simulate::demo(base.clone(), address, tls.is_some(), args.demo_records)))
    } else {
        None
    };
    let figures = figures.map(|listener| {
        tokio::spawn(serve(listener, None, metrics_router(Arc::clone(&app)), stopped()))
    });
    serve(listener, tls, router(Arc::clone(&app)), stopped()).await;
    info!("stopping");
    if let Some(figures) = figures {
        figures.abort();
        // It holds the app until it has ended.
        let _aborted = figures.await;
    }
    if let Some(demo) = demo {
        demo.abort();
    }
    drop(app);
    // What was acknowledged is in the journal; apply goes on at the next start if this is cut.
    let _cut = tokio::time::timeout(Duration::from_secs(8), tasks.finish()).await;
    base.db.close().await;
    Ok(())
}

/// Ends a rebuild that was interrupted before anybody can read half of a register: a table that is published once stays.
async fn end_rebuild(base: &Base) -> anyhow::Result<()> {
    if apply::is_under_way(&base.db).await? {
        notice(
            "sanu rebuild avait été interrompu : il est terminé d'abord, puis le serveur répond / an interrupted rebuild is ended first",
        );
        apply::go_on(&base.db, base.applier(), &mut |_| {}).await?;
    }
    Ok(())
}

/// The listener for figures. Whoever reaches it reads them.
async fn figures_listener(at: &str) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(at).await.with_context(|| {
        format!("impossible d'écouter sur {at} (--metrics ADRESSE:PORT) / cannot listen there")
    })?;
    let address = listener.local_addr()?;
    notice(&format!("metrics on http://{address}/metrics"));
    if !address.ip().is_loopback() {
        notice("ATTENTION : /metrics est ouvert au réseau, sans mot de passe.");
    }
    Ok(listener)
}

/// One server per data folder.
pub(super) fn lock(data: &Path) -> anyhow::Result<File> {
    create_private(data).with_context(|| data.display().to_string())?;
    let path = data.join("server.lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => bail!(
            "un autre sanu tourne déjà sur le dossier {} : l'arrêter, ou donner un autre dossier par --data / another sanu \
             serves this data folder",
            data.display()
        ),
    }
}

/// Whether a server is at work on this data folder.
pub(super) fn is_served(data: &Path) -> bool {
    File::open(data.join("server.lock")).is_ok_and(|file| file.try_lock_shared().is_err())
}

/// The address phones on the same network would use.
fn local_url(address: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    let host = if address.ip().is_unspecified() { outward_address() } else { None };
    match host {
        Some(ip) => format!("{scheme}://{}", SocketAddr::new(ip, address.port())),
        None => format!("{scheme}://{address}"),
    }
}

/// This machine's address towards the outside. Nothing is sent: a UDP socket only picks a route.
fn outward_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified()).then_some(ip)
}

/// Whether the register was filled by `--demo`.
async fn remember_url(base: &Base, url: &str) -> anyhow::Result<()> {
    let mut tx = base.db.write().await?;
    server::set_public_url(&mut tx, url).await?;
    tx.commit().await?;
    Ok(())
}

async fn has_admin(base: &Base) -> anyhow::Result<bool> {
    let mut tx = base.db.read().await?;
    let enabled = accounts::all(&mut tx).await?;
    Ok(enabled.iter().any(|account| account.role == Role::Admin))
}

/// Adds an administrator under the first of `admin`, `admin-2`, … that was never used: an account that somebody
/// disabled stays disabled. Gives login and password.
async fn add_admin(base: &Base) -> anyhow::Result<(String, String)> {
    let mut login = String::from("admin");
    let mut number = 1;
    while accounts::any_by_login(&mut base.db.read().await?, &login).await?.is_some() {
        number += 1;
        login = format!("admin-{number}");
    }
    let password = account::password(&base.runtime);
    account::add(base, &login, Role::Admin, None, &password).await?;
    Ok((login, password))
}

fn credentials(url: &str, login: &str, password: &str) -> String {
    format!(
        "  Bureau            {url}/\n  Identifiant       {login}\n  Mot de passe      {password}   (affiché une seule fois)\n"
    )
}

/// First start: an administrator, a first phone, and what to do with them.
async fn welcome(base: &Base, url: &str) -> anyhow::Result<()> {
    let (login, password) = add_admin(base).await?;
    let phone = device::add(base, "premier-telephone", None).await?;
    let svg = base.settings.data.join("premier-telephone.svg");
    device::write_svg(&svg, &phone.qr)?;
    notice(&qr::terminal(&phone.qr)?);
    notice(&format!(
        "Bienvenue dans Sanu.\n\n{}\
         \n  Téléphone         dans ODK Collect, scanner le code QR ci-dessus\n                    (aussi dans {})\n                    ou saisir l'adresse {}\n",
        credentials(url, &login, &password),
        svg.display(),
        phone.server_url,
    ));
    device::warn_of_loopback(&phone.server_url);
    Ok(())
}

async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        let _interrupted = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
