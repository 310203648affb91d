//! The running server's parts, put together once.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    access::Access,
    apply::{Acceptance, Applier},
    catalogue::{self, Catalogue, PublishError},
    db::{Db, DbConfig, DbError, Tx},
    figures::FigureBook,
    intake::{BlobStore, Intake},
    keys::{KeyError, Make, MasterKeys},
    linkage::{Auto, Policy},
    places::Places,
    publication::Publication,
    runtime::{Micros, Runtime},
    store::{AsOf, devices, server, server::ServerInfo, settings, zones},
    tally_book::TallyBook,
};

/// Where things are kept and how the server is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder: database (when embedded), keys, files.
    pub data: PathBuf,
    /// A PostgreSQL URL; `None` = embedded database.
    pub database_url: Option<String>,
    /// The address phones and people use, when it is not the one of their request.
    pub public_url: Option<String>,
    /// Master keys from the environment: adults, children.
    pub master_keys: (Option<String>, Option<String>),
    /// Whether HEAD /submission answers with a Location, sparing one round trip per form.
    pub location_on_head: bool,
    /// The largest POST that phones are told to send, in bytes.
    pub accept_length: u64,
    /// What may be merged without review, when it is to be changed.
    pub auto_merge: Option<Auto>,
    /// What the rules accept without review, when it is to be changed.
    pub accept: Option<Acceptance>,
    /// After how many days the public is told of sites, when it is to be changed.
    pub public_delay: Option<u16>,
    /// After how many days what waits is applied without what it waits for, when it is to be changed; 0 = never.
    pub force_held_after: Option<u16>,
    /// Whether people are to be invented in it: only in a register that was made for that.
    pub demo: bool,
}

impl Settings {
    /// The defaults over this folder.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            database_url: None,
            public_url: None,
            master_keys: (None, None),
            location_on_head: true,
            accept_length: 10_000_000,
            auto_merge: None,
            accept: None,
            public_delay: None,
            force_held_after: None,
            demo: false,
        }
    }

    /// Whether a register can be there at all: an embedded one has its file.
    pub(crate) fn may_hold_register(&self) -> bool {
        self.database_url.is_some() || self.data.join("sanu.db").is_file()
    }

    pub(crate) fn database(&self) -> DbConfig {
        match &self.database_url {
            Some(url) => DbConfig::Postgres(url.clone()),
            None => DbConfig::Sqlite(self.data.join("sanu.db")),
        }
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error("data folder {path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A form that ships with the program.
    #[error("built-in form: {0}")]
    Form(#[from] PublishError),
    /// Work on a register where there is none.
    #[error(
        "il n'y a pas de registre dans {0} : indiquer son dossier avec --data DOSSIER (ou SANU_DATA), ou en créer un \
         avec `sanu serve` / there is no register in {0}: give its folder with --data DIR (or SANU_DATA), or make \
         one with `sanu serve`"
    )]
    NoRegister(String),
    /// A demonstration in a register of real people.
    #[error(
        "--demo refusé : {0} est un vrai registre, rien n'y a été changé. Pour essayer : --data ./essai / refused: {0} \
         holds a real register, nothing was changed. To try things out: --data ./try"
    )]
    NotADemo(String),
}

/// Database, keys and forms: what command-line work needs too.
#[derive(Clone)]
pub struct Base {
    /// The settings it was opened with.
    pub settings: Settings,
    /// The database.
    pub db: Db,
    /// The keys.
    pub keys: Arc<MasterKeys>,
    /// Time and randomness.
    pub runtime: Runtime,
    /// The published forms.
    pub catalogue: Catalogue,
    /// The gazetteer.
    pub places: Places,
    /// What is published of the counts.
    pub publication: Arc<Publication>,
    /// The cells of the counts, in memory.
    pub tallies: Arc<TallyBook>,
    /// The indicators over it.
    pub figures: Arc<FigureBook>,
    /// The files.
    pub blobs: BlobStore,
    /// Who this server is.
    pub info: ServerInfo,
    /// What may be merged without review.
    pub policy: Policy,
    /// What the rules accept without review.
    pub acceptance: Acceptance,
    /// After how many days the public is told of sites.
    pub public_delay: u16,
    /// After how many days what waits is applied without what it waits for; 0 = never.
    pub force_held_after: u16,
    /// Whether the data folder was just made.
    pub first_start: bool,
}

impl Base {
    /// Opens the data folder, making it at first use: keys, schema, zone, built-in forms.
    pub async fn open(settings: Settings, runtime: Runtime) -> Result<Self, StartError> {
        let folder =
            |source| StartError::Folder { path: settings.data.display().to_string(), source };
        create_private(&settings.data).map_err(folder)?;
        let db = Db::open(&settings.database()).await?;
        let known = server::find(&mut db.read().await?).await?;
        let make = if known.is_some() { Make::No } else { Make::Yes };
        let folder_of_keys = settings.data.join("keys");
        let keys = MasterKeys::load(&folder_of_keys, settings.master_keys.clone(), make, &runtime)?;
        let keys = Arc::new(keys);
        let (info, first_start) = ensure_server(&db, &keys, &runtime, &settings).await?;
        // Sealing under other keys what the old ones should open would lose it.
        if info.key_check != keys.fingerprint() {
            return Err(KeyError::Wrong.into());
        }
        if settings.demo {
            ensure_demo(&db, first_start, &settings.data).await?;
        }
        publish_built_in(&db, runtime.now()).await?;
        if let Some(auto) = settings.auto_merge {
            let mut tx = db.write().await?;
            settings::set(&mut tx, settings::AUTO_MERGE, &write_auto(auto)).await?;
            tx.commit().await?;
        }
        if let Some(accept) = settings.accept {
            let mut tx = db.write().await?;
            settings::set(&mut tx, settings::ACCEPT, accept.as_str()).await?;
            tx.commit().await?;
        }
        // A synthetic census has nobody to protect, and is looked at today.
        if let Some(days) = settings.public_delay.or(settings.demo.then_some(0)) {
            let mut tx = db.write().await?;
            settings::set(&mut tx, settings::PUBLIC_DELAY, &days.to_string()).await?;
            tx.commit().await?;
        }
        if let Some(days) = settings.force_held_after {
            let mut tx = db.write().await?;
            settings::set(&mut tx, settings::FORCE_HELD, &days.to_string()).await?;
            tx.commit().await?;
        }
        Self::over(settings, runtime, db, keys, (info, first_start)).await
    }

    /// Opens a register that must be there, as commands beside a server do: makes and publishes nothing, and does
    /// not wait for the one writer.
    ///
    /// # Errors
    /// [`StartError::NoRegister`] where `serve` never ran.
    pub async fn existing(settings: Settings, runtime: Runtime) -> Result<Self, StartError> {
        let nowhere = || StartError::NoRegister(settings.data.display().to_string());
        if !settings.may_hold_register() {
            return Err(nowhere());
        }
        let db = Db::open(&settings.database()).await?;
        let Some(info) = server::find(&mut db.read().await?).await? else { return Err(nowhere()) };
        let folder_of_keys = settings.data.join("keys");
        let keys =
            MasterKeys::load(&folder_of_keys, settings.master_keys.clone(), Make::No, &runtime)?;
        if info.key_check != keys.fingerprint() {
            return Err(KeyError::Wrong.into());
        }
        Self::over(settings, runtime, db, Arc::new(keys), (info, false)).await
    }

    /// Puts the parts together.
    async fn over(
        settings: Settings,
        runtime: Runtime,
        db: Db,
        keys: Arc<MasterKeys>,
        (info, first_start): (ServerInfo, bool),
    ) -> Result<Self, StartError> {
        let folder =
            |source| StartError::Folder { path: settings.data.display().to_string(), source };
        let policy = policy(&db).await?;
        let acceptance = acceptance(&db).await?;
        let public_delay = days(&db, settings::PUBLIC_DELAY, PUBLIC_DELAY).await?;
        let force_held_after = days(&db, settings::FORCE_HELD, FORCE_HELD_AFTER).await?;
        let blobs =
            BlobStore::open(&settings.data.join("blobs"), Arc::clone(&keys), runtime.clone())
                .map_err(folder)?;
        let catalogue = Catalogue::open(db.clone(), runtime.clone()).await?;
        let places = Places::open(db.clone()).await?;
        let publication =
            Arc::new(Publication::new(db.clone(), Arc::clone(&keys), runtime.clone()));
        let figures = Arc::new(FigureBook::new(db.clone(), Arc::clone(&keys), runtime.clone()));
        Ok(Self {
            settings,
            db,
            keys,
            runtime,
            catalogue,
            places,
            publication,
            tallies: Arc::default(),
            figures,
            blobs,
            info,
            policy,
            acceptance,
            public_delay,
            force_held_after,
            first_start,
        })
    }

    /// The register that the public is told of sites: it moves by whole days, so that no reading tells the
    /// hour of anything.
    pub fn told_as_of(&self) -> AsOf {
        match i64::from(self.public_delay) {
            0 => AsOf::Now,
            days => AsOf::Day(self.runtime.now().day() - days),
        }
    }

    /// An applier over this base.
    pub fn applier(&self) -> Applier {
        let applier = Applier::new(
            self.db.clone(),
            Arc::clone(&self.keys),
            self.runtime.clone(),
            self.catalogue.clone(),
            self.places.clone(),
            self.blobs.clone(),
            (self.policy.clone(), self.acceptance),
        )
        .telling(Arc::clone(&self.tallies));
        let people = applier.people();
        let mut people = people.try_write().expect("nobody else has it yet");
        people.keep_in(self.settings.data.join("engine"));
        drop(people);
        applier
    }
}

/// The register's policy: kept in the database, so that a rebuild follows the same.
async fn policy(db: &Db) -> Result<Policy, StartError> {
    let stored = settings::get(&mut db.read().await?, settings::AUTO_MERGE).await?;
    let auto = stored.and_then(|text| read_auto(&text)).unwrap_or_default();
    Ok(Policy { auto, ..Policy::default() })
}

/// What the rules accept: kept like the policy, for the same reason.
async fn acceptance(db: &Db) -> Result<Acceptance, StartError> {
    let stored = settings::get(&mut db.read().await?, settings::ACCEPT).await?;
    Ok(stored.and_then(|text| Acceptance::parse(&text)).unwrap_or_default())
}

/// Days until the public is told of sites, unless the office has decided: public status is monthly, never live
/// (rules on who sees what, 5.4).
const PUBLIC_DELAY: u16 = 30;

/// Days that a change waits for what it builds on, as in ODK Central.
const FORCE_HELD_AFTER: u16 = 5;

async fn days(db: &Db, name: &'static str, default: u16) -> Result<u16, StartError> {
    let stored = settings::get(&mut db.read().await?, name).await?;
    Ok(stored.and_then(|text| text.parse().ok()).unwrap_or(default))
}

/// Reads `decisive-id`, or a probability from 0.9 up.
pub fn read_auto(text: &str) -> Option<Auto> {
    if text == "decisive-id" {
        return Some(Auto::DecisiveId);
    }
    text.parse().ok().filter(|p| (0.9..=1.0).contains(p)).map(Auto::Probability)
}

fn write_auto(auto: Auto) -> String {
    match auto {
        Auto::DecisiveId => String::from("decisive-id"),
        Auto::Probability(p) => p.to_string(),
    }
}

/// Makes the folder for its owner only: a phone's address and sealed files lie in it.
pub(crate) fn create_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Marks a new register as a demonstration; refuses one that was not made for it.
async fn ensure_demo(db: &Db, is_new: bool, data: &Path) -> Result<(), StartError> {
    if is_new {
        let mut tx = db.write().await?;
        settings::set(&mut tx, settings::DEMO, "1").await?;
        tx.commit().await?;
        return Ok(());
    }
    if is_demo(db).await? { Ok(()) } else { Err(StartError::NotADemo(data.display().to_string())) }
}

/// Whether a register holds, or was made to hold, invented people.
pub async fn is_demo(db: &Db) -> Result<bool, DbError> {
    let mut tx = db.read().await?;
    // Those that an older program made have only their phones to tell.
    Ok(settings::get(&mut tx, settings::DEMO).await?.is_some()
        || devices::all(&mut tx).await?.iter().any(|phone| phone.name.starts_with("demo-")))
}

async fn ensure_server(
    db: &Db,
    keys: &MasterKeys,
    runtime: &Runtime,
    settings: &Settings,
) -> Result<(ServerInfo, bool), StartError> {
    let mut tx = db.write().await?;
    let url = settings.public_url.clone().unwrap_or_default();
    let (mut info, made) = server::ensure(&mut tx, runtime, &url, &keys.fingerprint()).await?;
    if made {
        let (_, _) = zones::ensure(&mut tx, "ML", runtime.now()).await?;
    }
    if let Some(url) = &settings.public_url
        && *url != info.public_url
    {
        server::set_public_url(&mut tx, url).await?;
        info.public_url.clone_from(url);
    }
    tx.commit().await?;
    Ok((info, made))
}

/// Publishes the questionnaires that ship with the program, with the lists they need.
async fn publish_built_in(db: &Db, now: Micros) -> Result<(), StartError> {
    let mut tx = db.write().await?;
    for file in sanu_schemas::forms() {
        publish_one(&mut tx, file.xml, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn publish_one(tx: &mut Tx, xml: &'static [u8], now: Micros) -> Result<(), StartError> {
    let form = crate::forms::XForm::parse(xml).map_err(PublishError::from)?;
    let known = crate::store::forms::all(tx).await?;
    // Published before, by this or an older program: an operator may have closed it since.
    if known.iter().any(|k| k.form_id == form.form_id && k.version == form.version) {
        return Ok(());
    }
    let media = form
        .media
        .iter()
        .filter_map(|m| Some((m.filename.clone(), sanu_schemas::media(&m.filename)?.to_vec())))
        .collect();
    catalogue::publish(tx, xml, media, now).await?;
    Ok(())
}

/// Everything the front doors need; shared by all requests.
pub struct App {
    /// The base.
    pub base: Base,
    /// From credentials to callers.
    pub access: Access,
    /// The door to the journal.
    pub intake: Intake,
    /// The deriving loop, to ask how far it is.
    pub applier: Applier,
    /// Large submissions in memory at once.
    pub large: tokio::sync::Semaphore,
    /// Pushes in memory, decoded, at once.
    pub(crate) pushes: tokio::sync::Semaphore,
    /// The memory that large bodies share.
    pub(crate) budget: crate::http::Budget,
    /// The collections of `/ogc` that are held in memory.
    pub layers: crate::layers::Layers,
    /// Entity lists for phones.
    pub(crate) lists: crate::openrosa::HeldLists,
    /// Finished downloads.
    pub(crate) exports: crate::http::Files,
    /// The extract of people that was read last.
    pub(crate) extracts: crate::http::Extracts,
    /// Which units of one division lie in which of the other.
    pub(crate) crosswalks: crate::http::Crosswalks,
    /// Drawn tiles.
    pub(crate) tiles: crate::http::Tiles,
    /// What was asked since the start.
    pub(crate) requests: crate::http::Requests,
}

/// The tasks of a running server, to be awaited at shutdown.
pub struct Tasks {
    writer: JoinHandle<()>,
    apply: JoinHandle<()>,
    keeper: JoinHandle<()>,
    /// Writes the engine's memory to its files.
    memory: JoinHandle<()>,
    applier: Applier,
    db: Db,
    overdue: JoinHandle<()>,
}

/// Appended batches that may wait for apply in memory.
const HAND_OVER: usize = 1;
/// Submissions over 256 KiB decoded at once.
const LARGE_AT_ONCE: usize = 6;
/// Pushes decoded at once, of up to 500 records each: more would wait for the writer all the same, and hold ten
/// megabytes each meanwhile.
const PUSHES_AT_ONCE: usize = 3;

impl App {
    /// Starts writer and apply.
    pub fn start(base: Base) -> (Arc<Self>, Tasks) {
        let (hand_off, handed) = mpsc::channel(HAND_OVER);
        let (intake, writer) =
            Intake::start(base.db.clone(), Arc::clone(&base.keys), base.runtime.clone(), hand_off);
        let applier = base.applier();
        let apply = tokio::spawn(applier.clone().run(handed));
        let db = base.db.clone();
        let keeper = tokio::spawn(async move { db.tend().await });
        let memory = tokio::spawn(applier.clone().remember_now_and_then(base.db.clone()));
        let (own, db) = (applier.clone(), base.db.clone());
        let overdue = tokio::spawn(crate::overdue::force(base.clone(), intake.clone()));
        let access = Access::new(base.db.clone(), Arc::clone(&base.keys), base.runtime.clone());
        let large = tokio::sync::Semaphore::new(LARGE_AT_ONCE);
        let pushes = tokio::sync::Semaphore::new(PUSHES_AT_ONCE);
        let budget = crate::http::Budget::new();
        let layers = crate::layers::Layers::default();
        let exports = crate::http::Files::default();
        let tiles = crate::http::Tiles::default();
        let extracts = crate::http::Extracts::default();
        let requests = crate::http::Requests::default();
        let app = Self {
            base,
            access,
            intake,
            applier,
            large,
            pushes,
            budget,
            layers,
            lists: crate::openrosa::HeldLists::default(),
            exports,
            extracts,
            crosswalks: crate::http::Crosswalks::default(),
            tiles,
            requests,
        };
        (Arc::new(app), Tasks { writer, apply, keeper, overdue, memory, applier: own, db })
    }
}

impl Tasks {
    /// Waits until the queue is written and applied. The last [`App`] must be dropped before.
    pub async fn finish(self) {
        // It holds a door to the writer until it has ended.
        self.overdue.abort();
        let _aborted = self.overdue.await;
        for task in [self.writer, self.apply] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a server task ended badly");
            }
        }
        self.memory.abort();
        let _aborted = self.memory.await;
        if let Err(error) = self.applier.remember_people(&self.db).await {
            tracing::warn!(%error, "the engine's memory was not written");
        }
        self.keeper.abort();
        let _aborted = self.keeper.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_is_invented_in_a_register_that_was_not_made_for_it() {
        let (real, toy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let open = async |folder: &Path, demo| {
            let settings = Settings { demo, ..Settings::new(folder) };
            Base::open(settings, Runtime::system()).await
        };
        assert_eq!(open(real.path(), false).await.unwrap().public_delay, PUBLIC_DELAY);

        assert!(matches!(open(real.path(), true).await, Err(StartError::NotADemo(_))));
        let again = open(real.path(), false).await.unwrap();
        assert_eq!((again.public_delay, is_demo(&again.db).await.unwrap()), (PUBLIC_DELAY, false));

        assert_eq!(open(toy.path(), true).await.unwrap().public_delay, 0);
        let again = open(toy.path(), true).await.unwrap();
        assert!(is_demo(&again.db).await.unwrap());
    }
}
