//! Entity lists held ready for phones: read whole once, then only what the feed spoke of since.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use uuid::Uuid;

use super::entity_list::{header_line, row_line};
use crate::{
    app::App,
    db::{DbError, Result, Tx},
    store::{
        Scope, ZoneId,
        entities::{self, ListRow, Place},
        feed,
        follow_up::Narrowed,
        versions,
    },
};

/// Lists held: of each dataset one for each zone that phones of one zone see, and one for the country.
const MOST: usize = 32;
/// What all of them may take, in bytes of text; a list that is larger alone is not held.
const MEMORY: usize = 48 * 1024 * 1024;
/// Rows fetched at a time.
const PAGE: i64 = 2_000;
/// More changed rows than this are not looked up one by one.
const CHANGED: usize = 5_000;

/// All that are held.
#[derive(Default)]
pub(crate) struct HeldLists(Mutex<Lists>);

/// By dataset and scope.
type Lists = HashMap<(String, String), List>;
type List = Arc<tokio::sync::Mutex<Held>>;

/// A list by its lines.
#[derive(Default)]
pub(crate) struct Held {
    /// What its lines were made by: epoch, forms.
    by: String,
    /// How often the dataset had changed, by zone.
    heads: Vec<(i32, i64)>,
    /// How far the feed was.
    feed: BTreeMap<ZoneId, i64>,
    lines: BTreeMap<Place, Box<[u8]>>,
    places: HashMap<Uuid, Place>,
    /// Bytes of all lines.
    size: usize,
    plain: Option<Bytes>,
    packed: Option<Bytes>,
}

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) scope: &'a Scope,
    pub(super) dataset: &'a str,
    pub(super) columns: &'a [String],
    /// What the lines are made by.
    pub(super) by: String,
    pub(super) packed: bool,
}

impl HeldLists {
    /// The list as it is now, as one text.
    pub(super) async fn text(&self, app: &App, wanted: Wanted<'_>) -> Result<Bytes> {
        let key = (wanted.dataset.to_owned(), wanted.scope.token());
        let list = Arc::clone(self.all().entry(key.clone()).or_default());
        let mut held = list.lock().await;
        if let Err(failure) = held.bring(app, &wanted).await {
            // Whatever was read of it is not to be believed.
            *held = Held::default();
            return Err(failure);
        }
        let text = held.text(&wanted).await?;
        let size = held.size;
        drop(held);
        self.make_room(&key, size);
        Ok(text)
    }

    fn all(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of others, or of this one, when there is too much.
    fn make_room(&self, key: &(String, String), size: usize) {
        let mut all = self.all();
        if size > MEMORY / 2 {
            all.remove(key);
            return;
        }
        // Whoever is being read is in use, and counted by whoever reads it.
        let idle = |list: &List| Some(list.try_lock().ok()?.size);
        let sizes: HashMap<_, _> =
            all.iter().filter_map(|(of, list)| Some((of.clone(), idle(list)?))).collect();
        let mut sum: usize = sizes.values().sum();
        for (of, bytes) in sizes.iter().filter(|(of, _)| *of != key) {
            if sum <= MEMORY && all.len() <= MOST {
                return;
            }
            all.remove(of);
            sum -= bytes;
        }
    }
}

impl Held {
    /// Brings the lines to where the register is.
    async fn bring(&mut self, app: &App, wanted: &Wanted<'_>) -> Result<()> {
        let mut tx = app.base.db.read().await?;
        // First how far it is, then what it says: what comes in between is read once more the next time.
        let heads = entities::heads(&mut tx, wanted.scope, wanted.dataset).await?;
        if self.by == wanted.by && self.heads == heads {
            return Ok(());
        }
        let feed = feed::heads(&mut tx, wanted.scope).await?;
        let changed = if self.by == wanted.by {
            changed(&mut tx, wanted, &self.feed, &feed).await?
        } else {
            None
        };
        (self.plain, self.packed) = (None, None);
        match changed {
            Some(changed) => {
                for (_, id) in &changed {
                    if let Some(place) = self.places.remove(id) {
                        self.lines.remove(&place);
                    }
                }
                let keys = &app.base.keys;
                let rows =
                    entities::list_of(&mut tx, wanted.scope, wanted.dataset, changed, keys).await?;
                self.put(&rows, wanted.columns);
            }
            None => self.read_whole(app, &mut tx, wanted).await?,
        }
        self.size = self.lines.values().map(|line| line.len()).sum();
        (self.by, self.heads, self.feed) = (wanted.by.clone(), heads, feed);
        Ok(())
    }

    async fn read_whole(&mut self, app: &App, tx: &mut Tx, wanted: &Wanted<'_>) -> Result<()> {
        self.lines.clear();
        self.places.clear();
        let seen = (wanted.scope, &Narrowed::default());
        let mut after = None;
        loop {
            let keys = &app.base.keys;
            let rows = entities::list_page(tx, seen, wanted.dataset, after, PAGE, keys).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.place());
            self.put(&rows, wanted.columns);
        }
    }

    fn put(&mut self, rows: &[ListRow], columns: &[String]) {
        for row in rows {
            self.places.insert(row.entity_id, row.place());
            self.lines.insert(row.place(), row_line(row, columns).into_boxed_slice());
        }
    }

    async fn text(&mut self, wanted: &Wanted<'_>) -> Result<Bytes> {
        let made = if wanted.packed { &self.packed } else { &self.plain };
        if let Some(made) = made {
            return Ok(made.clone());
        }
        let mut text = Vec::with_capacity(self.size + 1_024);
        text.extend(header_line(wanted.columns));
        for line in self.lines.values() {
            text.extend_from_slice(line);
        }
        if wanted.packed {
            let packed = tokio::task::spawn_blocking(move || pack(&text)).await;
            let packed = packed.map_err(|_| DbError::Defect)??;
            self.packed = Some(packed.clone());
            return Ok(packed);
        }
        let text = Bytes::from(text);
        self.plain = Some(text.clone());
        Ok(text)
    }
}

/// Once for each change: every byte less is less over 2G for all phones.
fn pack(text: &[u8]) -> Result<Bytes> {
    let mut packer = GzEncoder::new(Vec::with_capacity(text.len() / 3), Compression::default());
    packer.write_all(text)?;
    Ok(packer.finish()?.into())
}

/// What to read again: what the feed spoke of, and what answers connect with others, since its version is told with theirs.
/// `None` when all is to be read.
async fn changed(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    known: &BTreeMap<ZoneId, i64>,
    now: &BTreeMap<ZoneId, i64>,
) -> Result<Option<BTreeSet<(ZoneId, Uuid)>>> {
    let spoken = feed::spoken_of(tx, wanted.dataset, known, now, CHANGED).await?;
    let Some(mut changed) = spoken else { return Ok(None) };
    changed.extend(versions::answered(tx, wanted.scope, wanted.dataset).await?);
    Ok((changed.len() <= CHANGED).then_some(changed))
}
