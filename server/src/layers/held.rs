//! Features that are held in memory while the register does not change.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::{
    catalog::{Layer, Source},
    load::{From, build},
};
use crate::{
    access::SiteTier,
    app::Base,
    db::{DbError, Tx},
    ogc::{Builder, Features, MakeFile},
    runtime::Micros,
    scratch,
    store::{AsOf, Scope, boundaries, entities},
};

/// What all held features may take together in memory and on disk, in bytes, about.
const MEMORY: usize = 512 * 1024 * 1024;
/// Built in less than this many microseconds: built again at every change.
const QUICK: i64 = 200_000;
/// What took longer is held for this many times as long before it is built again.
const PATIENCE: i64 = 10;

/// The features of a collection at one moment.
#[derive(Debug)]
pub struct Held {
    /// The features.
    pub features: Features,
    /// When they were read.
    pub at: Micros,
    /// A text that changes with them.
    pub token: String,
    /// How long reading took, in microseconds.
    cost: i64,
}

impl Held {
    /// Features that were made elsewhere and will not change.
    pub fn fixed(features: Features, at: Micros, token: String) -> Self {
        Self { features, at, token, cost: 0 }
    }
}

type Key = (String, Source, String);

/// All that is held.
#[derive(Default)]
pub struct Layers {
    held: Mutex<HashMap<Key, (Arc<Held>, u64)>>,
    uses: std::sync::atomic::AtomicU64,
    /// One is built at a time: two would take the memory of two.
    building: tokio::sync::Mutex<()>,
    /// Long searches, one after the other: each may take a core.
    searching: tokio::sync::Mutex<()>,
    /// Who read which collection, and when that was noted.
    noted: Mutex<HashMap<(String, String), Micros>>,
}

/// Reading the same collection again within this many microseconds is one reading.
const ONE_READING: i64 = 600 * 1_000_000;
/// Readings remembered.
const NOTED_MAX: usize = 10_000;

impl Layers {
    /// The features of a layer for somebody with this scope.
    ///
    /// A large register that keeps changing is shown as it was up to `PATIENCE` times the time that
    /// reading it takes; `Held::at` says when that was.
    pub async fn features(
        &self,
        base: &Base,
        scope: &Scope,
        layer: &Layer,
    ) -> Result<Arc<Held>, DbError> {
        self.features_on(base, scope, layer, None).await
    }

    /// The same; of administrative units those whose limits held on this day.
    pub async fn features_on(
        &self,
        base: &Base,
        scope: &Scope,
        layer: &Layer,
        day: Option<Date>,
    ) -> Result<Arc<Held>, DbError> {
        let forms = base.catalogue.current().await?;
        let sites = match layer.source {
            Source::Visits(tier) => {
                let sites = super::catalog::sites(tier, &forms);
                Some(Box::pin(self.features(base, scope, &sites)).await?)
            }
            _ => None,
        };
        let mut tx = base.db.read().await?;
        let reach = match (layer.source, day) {
            // Units are the same for everybody.
            (Source::Units(..), None) => String::from("*"),
            // There are many days and few states: nobody fills the memory with days.
            (Source::Units(..), Some(day)) => versions(&mut tx, day).await?,
            _ => scope.token(),
        };
        let key = (layer.collection.id.clone(), layer.source, reach);
        let mut token = token(&mut tx, base, scope, layer, sites.as_deref()).await?;
        write!(token, "{:?}", forms.token()).expect("writing to a String cannot fail");
        drop(tx);
        if let Some(held) = self.find(&key, &token, base.runtime.now()) {
            return Ok(held);
        }
        let _turn = self.building.lock().await;
        // Somebody may have built it meanwhile.
        if let Some(held) = self.find(&key, &token, base.runtime.now()) {
            return Ok(held);
        }
        let at = base.runtime.now();
        let gazetteer = base.places.current().await?;
        let miners = match layer.source {
            Source::Miners(false) => Some(base.publication.current("orpailleurs").await?),
            _ => None,
        };
        let from = From {
            scope,
            as_of: told(base, layer, AsOf::Now),
            gazetteer: &gazetteer,
            sites: sites.as_deref().map(|s| &s.features),
            miners: miners.as_deref(),
            day,
            make: make(base),
        };
        let mut tx = base.db.read().await?;
        let builder = build(&mut tx, layer, from).await?;
        drop(tx);
        let features = finished(builder).await?;
        let cost = base.runtime.now().0 - at.0;
        let held = Arc::new(Held { features, at, token, cost });
        self.keep(key, &held);
        Ok(held)
    }

    /// The sites as they were, built for this reader alone and not held.
    pub async fn sites_as_of(
        &self,
        base: &Base,
        scope: &Scope,
        layer: &Layer,
        as_of: AsOf,
    ) -> Result<Features, DbError> {
        let _turn = self.building.lock().await;
        let gazetteer = base.places.current().await?;
        let as_of = told(base, layer, as_of);
        let make = make(base);
        let gazetteer = &gazetteer;
        let from = From { scope, as_of, gazetteer, sites: None, miners: None, day: None, make };
        let mut tx = base.db.read().await?;
        let builder = build(&mut tx, layer, from).await?;
        drop(tx);
        finished(builder).await
    }

    /// A turn to search for long.
    pub async fn searching(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.searching.lock().await
    }

    /// Whether this reading is to be noted in the audit log.
    pub fn is_news(&self, actor: &str, collection: &str, now: Micros) -> bool {
        let mut noted = self.noted.lock().expect("no holder of this lock can panic");
        if noted.len() >= NOTED_MAX {
            noted.retain(|_, at| now.0 - at.0 < ONE_READING);
        }
        let key = (actor.to_owned(), collection.to_owned());
        if noted.get(&key).is_some_and(|at| now.0 - at.0 < ONE_READING) {
            return false;
        }
        noted.insert(key, now);
        true
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, (Arc<Held>, u64)>> {
        self.held.lock().expect("no holder of this lock can panic")
    }

    fn use_number(&self) -> u64 {
        self.uses.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    fn find(&self, key: &Key, token: &str, now: Micros) -> Option<Arc<Held>> {
        let mut all = self.all();
        let (held, used) = all.get_mut(key)?;
        let patient = held.cost > QUICK && now.0 - held.at.0 < held.cost * PATIENCE;
        if held.token != token && !patient {
            return None;
        }
        *used = self.use_number();
        Some(Arc::clone(held))
    }

    /// Keeps it, and lets go of what was used longest ago when there is too much.
    fn keep(&self, key: Key, held: &Arc<Held>) {
        let mut all = self.all();
        all.insert(key, (Arc::clone(held), self.use_number()));
        loop {
            let bytes: usize = all.values().map(|(h, _)| h.features.bytes() + 4_096).sum();
            if bytes <= MEMORY || all.len() <= 1 {
                return;
            }
            let oldest = all.iter().min_by_key(|(_, (_, used))| *used).map(|(k, _)| k.clone());
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
    }
}

/// Sorts and indexes beside other requests.
async fn finished(builder: Builder) -> Result<Features, DbError> {
    let features = tokio::task::spawn_blocking(move || builder.finish()).await;
    Ok(features.expect("sorting and indexing do not panic")?)
}

/// Where features go that do not fit into memory.
fn make(base: &Base) -> MakeFile {
    let (data, runtime) = (base.settings.data.clone(), base.runtime.clone());
    Arc::new(move || scratch::file(&data, &runtime))
}

/// Which register a reader of this layer is told of: the public of sites as they were some time ago.
fn told(base: &Base, layer: &Layer, asked: AsOf) -> AsOf {
    match (layer.source, base.told_as_of(), asked) {
        (Source::Sites(SiteTier::Public), AsOf::Day(until), AsOf::Day(day)) => {
            AsOf::Day(day.min(until))
        }
        (Source::Sites(SiteTier::Public), until, AsOf::Now) => until,
        _ => asked,
    }
}

/// Which limits held on a day, as a short text.
async fn versions(tx: &mut Tx, day: Date) -> Result<String, DbError> {
    let mut digest = Sha256::new();
    for limit in boundaries::on(tx, &day.to_string()).await? {
        digest.update(format!("{:?}{}|", limit.of, limit.valid_from));
    }
    Ok(hex::encode(digest.finalize()))
}

/// A text that changes when the features of a layer do.
async fn token(
    tx: &mut Tx,
    base: &Base,
    scope: &Scope,
    layer: &Layer,
    sites: Option<&Held>,
) -> Result<String, DbError> {
    let dataset = match layer.source {
        Source::Sites(_) => "sites",
        Source::Visits(_) => "visites",
        Source::Cooperatives(_) => "cooperatives",
        Source::Miners(_) => "orpailleurs",
        Source::Zones | Source::Units(..) => "",
    };
    let heads = entities::heads(tx, scope, dataset).await?;
    let limits = boundaries::change_token(tx).await?;
    let zones = match layer.source {
        Source::Zones => crate::store::zones::all(tx).await?.len(),
        _ => 0,
    };
    let sites = sites.map(|s| s.token.as_str()).unwrap_or_default();
    let told = told(base, layer, AsOf::Now).token();
    // Units have other fields once limits were imported.
    let fields = layer.collection.fields.len();
    Ok(format!("{}|{heads:?}|{limits:?}|{fields}|{zones}|{sites}|{told}|", base.info.epoch))
}
