//! The published forms, parsed once and shared; noticed within a second when they change.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, RwLock},
};

use md5::{Digest as _, Md5};

use crate::{
    db::{Db, DbError, Tx},
    forms::{FormError, Realm, XForm},
    runtime::{Micros, Runtime},
    store::forms::{self, FormRow, MediaRow},
};

/// One published version of a form.
#[derive(Debug)]
pub struct Published {
    /// What is stored and served.
    pub row: FormRow,
    /// What it means.
    pub form: XForm,
    /// Its media: file name and MD5.
    pub media: Vec<(String, String)>,
}

/// All forms at one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    versions: HashMap<String, Vec<Arc<Published>>>,
    token: (i64, i64, i64),
}

impl Snapshot {
    /// This version of this form.
    pub fn version(&self, form_id: &str, version: &str) -> Option<&Arc<Published>> {
        self.versions.get(form_id)?.iter().rev().find(|p| p.row.version == version)
    }

    /// The newest version of this form.
    pub fn latest(&self, form_id: &str) -> Option<&Arc<Published>> {
        self.versions.get(form_id)?.last()
    }

    /// Whether a form is, or ever was, about children; one that nobody published is treated so.
    ///
    /// What came by an older version stays what it is, whatever a newer one says.
    pub fn is_of_children(&self, form_id: &str) -> bool {
        let versions = self.versions.get(form_id);
        versions.is_none_or(|all| all.iter().any(|p| p.form.realm == Realm::Children))
    }

    /// The newest version of every form that phones are offered, by form id.
    pub fn offered(&self) -> Vec<&Arc<Published>> {
        let mut offered: Vec<_> =
            self.versions.values().filter_map(|v| v.last()).filter(|p| p.row.is_open).collect();
        offered.sort_by(|a, b| a.row.form_id.cmp(&b.row.form_id));
        offered
    }

    /// Every version of every form, by form id.
    pub fn all(&self) -> Vec<&Arc<Published>> {
        let mut all: Vec<_> = self.versions.values().flatten().collect();
        all.sort_by(|a, b| a.row.form_id.cmp(&b.row.form_id));
        all
    }

    /// A token that changes when any form does.
    pub fn token(&self) -> (i64, i64, i64) {
        self.token
    }

    /// Whether phones may have this list: some form makes it, and it is not of people in the census.
    pub fn offers_list(&self, dataset: &str) -> bool {
        self.declares_dataset(dataset) && may_leave(dataset)
    }

    /// The properties that forms save into this list, in a fixed order: what devices may hold of it.
    pub fn shared_properties(&self, dataset: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .all()
            .iter()
            .filter(|p| p.form.entities.iter().any(|e| e.dataset == dataset))
            .flat_map(|p| p.form.questions.iter().filter_map(|q| q.save_to.clone()))
            .filter(|name| name != "name" && name != "label" && !name.starts_with("__"))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Entity lists that some form declares.
    pub fn declares_dataset(&self, dataset: &str) -> bool {
        self.versions.values().flatten().any(|p| {
            p.form.dataset.as_deref() == Some(dataset)
                || p.form.entities.iter().any(|e| e.dataset == dataset)
        })
    }
}

/// Lists of people in the census never go to phones, whatever a form asks for.
fn may_leave(dataset: &str) -> bool {
    let datasets = sanu_schemas::datasets();
    let known = datasets.iter().find(|d| d.name == dataset);
    // Base lists that are no dataset of the census are the office's own: agents, lots of cards.
    known.map_or_else(|| !crate::import::lists().contains(&dataset), |d| d.on_devices)
}

/// The forms, kept current.
#[derive(Clone)]
pub struct Catalogue {
    db: Db,
    runtime: Runtime,
    snapshot: Arc<RwLock<Arc<Snapshot>>>,
    checked: Arc<Mutex<Micros>>,
}

/// How old the knowledge may be before the database is asked again, in microseconds.
const FRESH: i64 = 1_000_000;

impl Catalogue {
    /// Loads what is published.
    pub async fn open(db: Db, runtime: Runtime) -> Result<Self, DbError> {
        let mut tx = db.read().await?;
        let snapshot = load(&mut tx).await?;
        drop(tx);
        let checked = Arc::new(Mutex::new(runtime.now()));
        Ok(Self { db, runtime, snapshot: Arc::new(RwLock::new(Arc::new(snapshot))), checked })
    }

    /// The forms, at most a second old.
    pub async fn current(&self) -> Result<Arc<Snapshot>, DbError> {
        let now = self.runtime.now();
        {
            let mut checked = self.checked.lock().expect("no holder of this lock can panic");
            if now.0 - checked.0 < FRESH {
                return Ok(self.held());
            }
            *checked = now;
        }
        self.refresh().await
    }

    /// The forms, asked of the database now.
    pub async fn refresh(&self) -> Result<Arc<Snapshot>, DbError> {
        let mut tx = self.db.read().await?;
        let token = forms::change_token(&mut tx).await?;
        if token != self.held().token {
            let fresh = Arc::new(load(&mut tx).await?);
            *self.snapshot.write().expect("no holder of this lock can panic") = fresh;
        }
        Ok(self.held())
    }

    /// The forms that this process knows of now.
    pub fn held(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().expect("no holder of this lock can panic"))
    }
}

async fn load(tx: &mut Tx) -> Result<Snapshot, DbError> {
    let token = forms::change_token(tx).await?;
    let mut media: HashMap<(String, String), Vec<(String, String)>> = HashMap::new();
    for (form_id, version, filename, md5) in forms::media_index(tx).await? {
        media.entry((form_id, version)).or_default().push((filename, md5));
    }
    let mut versions: HashMap<String, Vec<Arc<Published>>> = HashMap::new();
    for row in forms::all(tx).await? {
        // A form was parsed before it was stored: if a newer program is stricter, it says so and
        // leaves that version out, and its submissions wait in quarantine.
        match XForm::parse(&row.xml) {
            Ok(mut form) => {
                let media =
                    media.remove(&(row.form_id.clone(), row.version.clone())).unwrap_or_default();
                fill(tx, &mut form, &row, &media).await?;
                let published = Arc::new(Published { row, form, media });
                versions.entry(published.row.form_id.clone()).or_default().push(published);
            }
            Err(error) => {
                tracing::error!(form.id = row.form_id, form.version = row.version, %error, "stored form cannot be read");
            }
        }
    }
    Ok(Snapshot { versions, token })
}

/// Gives a form the lists published with it, to check its choices and look-ups.
///
/// Entity lists are not among them: they change all the time, and differ from phone to phone.
async fn fill(
    tx: &mut Tx,
    form: &mut XForm,
    row: &FormRow,
    media: &[(String, String)],
) -> Result<(), DbError> {
    let wanted: Vec<String> = form.wanted_files().map(str::to_owned).collect();
    for file in wanted.iter().filter(|file| media.iter().any(|(name, _)| name == *file)) {
        if let Some(csv) = forms::media(tx, &row.form_id, &row.version, file).await? {
            form.fill(file, &csv);
        }
    }
    Ok(())
}

/// Why a form was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The XForm is not usable.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Its id could not stand in an address or a file name.
    #[error(
        "identifiant de questionnaire refusé : {form_id:?} ; 1 à 100 lettres, chiffres, points, tirets, deux-points / form id refused: \
         1 to 100 characters, no / \\ ? # % and none that cannot be seen"
    )]
    FormId {
        /// The form.
        form_id: String,
    },
    /// The same version with other content was already given to phones.
    #[error(
        "le questionnaire {form_id} est déjà publié en version {version:?} avec un autre contenu : changer `version` (feuille \
         settings) / form {form_id} version {version:?} is already published with another content: give it a new version"
    )]
    VersionTaken {
        /// The form.
        form_id: String,
        /// Its version.
        version: String,
    },
    /// It would write down children as if they were adults.
    #[error(
        "le questionnaire {form_id} remplit la liste {dataset}, qui est d'enfants : il doit le dire (feuille « settings », colonne \
         « sanu:realm » = children) / form {form_id} fills {dataset}, a list of children: it must say so (sanu:realm = children)"
    )]
    FillsChildren {
        /// The form.
        form_id: String,
        /// The list.
        dataset: String,
    },
    /// It no longer says that it is about children, as the version before does.
    #[error(
        "le questionnaire {form_id} concerne des enfants : cette version doit le dire aussi (feuille « settings », \
         colonne « sanu:realm » = children), sinon leurs réponses seraient ouvertes aux superviseurs / form {form_id} \
         is about children: this version must say so too (sanu:realm = children)"
    )]
    NoLongerOfChildren {
        /// The form.
        form_id: String,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The list of children that a form fills, if any.
fn children_filled(form: &XForm) -> Option<String> {
    let of_children = sanu_schemas::datasets().into_iter();
    let mut of_children = of_children.filter(|d| d.realm == sanu_schemas::Realm::Children);
    let fills = |name: &str| {
        [&form.dataset, &form.log].into_iter().flatten().any(|d| d == name)
            || form.entities.iter().any(|e| e.dataset == name)
    };
    of_children.find(|d| fills(&d.name)).map(|d| d.name)
}

/// Whether an id can stand in an address and in the name of a file. What was published before stays as it is.
fn is_form_id(id: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || " ._-:+()'@,".contains(c);
    (1..=100).contains(&id.chars().count()) && !id.starts_with('.') && id.chars().all(is_plain)
}

/// Publishes a form with its media. Publishing the same bytes again changes nothing. Files that a new version refers
/// to and that are not given are those of the version before: phones must not be left without their lists.
///
/// Says what was published and whether that was new.
pub async fn publish(
    tx: &mut Tx,
    xml: &[u8],
    media: Vec<(String, Vec<u8>)>,
    now: Micros,
) -> Result<(FormRow, bool), PublishError> {
    let form = XForm::parse(xml)?;
    if !is_form_id(&form.form_id) {
        return Err(PublishError::FormId { form_id: form.form_id });
    }
    let filled = children_filled(&form).filter(|_| form.realm != Realm::Children);
    let realm = form.realm;
    let referred: BTreeSet<String> = form.media.iter().map(|m| m.filename.clone()).collect();
    let md5 = hex::encode(Md5::digest(xml));
    let row = FormRow {
        form_id: form.form_id,
        version: form.version,
        title: form.title,
        xml: xml.to_vec(),
        md5,
        published_at: now,
        is_open: true,
    };
    let mut media: Vec<_> = media
        .into_iter()
        .map(|(filename, bytes)| MediaRow {
            md5: hex::encode(Md5::digest(&bytes)),
            filename,
            bytes,
        })
        .collect();
    let known = forms::all(tx).await?;
    let was = |k: &&FormRow| XForm::parse(&k.xml).is_ok_and(|f| f.realm == Realm::Children);
    let mut versions = known.iter().filter(|k| k.form_id == row.form_id);
    if realm != Realm::Children && versions.any(|k| was(&k)) {
        return Err(PublishError::NoLongerOfChildren { form_id: row.form_id });
    }
    if let Some(dataset) = filled {
        return Err(PublishError::FillsChildren { form_id: row.form_id, dataset });
    }
    let same = known.iter().find(|k| k.form_id == row.form_id && k.version == row.version);
    if let Some(same) = same {
        if same.md5 != row.md5 {
            return Err(PublishError::VersionTaken { form_id: row.form_id, version: row.version });
        }
        let had: Vec<_> = forms::media_index(tx)
            .await?
            .into_iter()
            .filter(|m| m.0 == row.form_id && m.1 == row.version)
            .map(|m| (m.2, m.3))
            .collect();
        let mut has: Vec<_> = media.iter().map(|m| (m.filename.clone(), m.md5.clone())).collect();
        has.sort();
        if (has.is_empty() || had == has) && same.is_open {
            return Ok((row, false));
        }
    }
    let before = known.iter().rfind(|k| k.form_id == row.form_id);
    if let Some(before) = before.filter(|_| same.is_none()) {
        for filename in referred {
            let is_given = media.iter().any(|m| m.filename == filename);
            let of = (&before.form_id, &before.version);
            if let (false, Some(bytes)) = (is_given, forms::media(tx, of.0, of.1, &filename).await?)
            {
                media.push(MediaRow { md5: hex::encode(Md5::digest(&bytes)), filename, bytes });
            }
        }
    }
    forms::put(tx, &row).await?;
    if !media.is_empty() || same.is_none() {
        forms::put_media(tx, &row, &media).await?;
    }
    Ok((row, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_forms_are_names_and_no_paths() {
        for id in
            ["orpailleur", "build_Menage_1520758362", "uuid:3f2a", "fiche site", "Enquête-1.2"]
        {
            assert!(is_form_id(id), "{id}");
        }
        for id in [
            "",
            "../../",
            "a/b",
            "a\\b",
            ".",
            "a\nb",
            "a?b",
            "a#b",
            "a\u{202e}b",
            "a\u{200b}",
            &"a".repeat(101),
        ] {
            assert!(!is_form_id(id), "{id}");
        }
    }

    /// A built-in form, as an office would publish it anew.
    fn built_in(form_id: &str, change: impl Fn(String) -> String) -> Vec<u8> {
        let all = sanu_schemas::forms().iter();
        let mut parsed = all.map(|f| (f.xml, XForm::parse(f.xml).unwrap()));
        let (xml, form) = parsed.find(|(_, form)| form.form_id == form_id).unwrap();
        let xml = String::from_utf8(xml.to_vec()).unwrap();
        let version = format!("version=\"{}\"", form.version);
        assert!(xml.contains(&version));
        change(xml.replacen(&version, "version=\"2099\"", 1)).into_bytes()
    }

    async fn with_forms() -> (tempfile::TempDir, crate::app::Base) {
        let folder = tempfile::tempdir().unwrap();
        let settings = crate::app::Settings::new(folder.path());
        let base = crate::app::Base::open(settings, Runtime::system()).await.unwrap();
        (folder, base)
    }

    #[tokio::test]
    async fn a_form_about_children_stays_one() {
        let (_folder, base) = with_forms().await;
        let mut tx = base.db.write().await.unwrap();
        let open = built_in("enfant", |xml| xml.replace(" sanu:realm=\"children\"", ""));
        let kept = built_in("enfant", |xml| xml);
        assert_ne!(open, kept);

        let refused = publish(&mut tx, &open, Vec::new(), Micros(1)).await;
        assert!(matches!(refused, Err(PublishError::NoLongerOfChildren { .. })));
        assert!(publish(&mut tx, &kept, Vec::new(), Micros(i64::MAX)).await.unwrap().1);
        tx.commit().await.unwrap();

        let forms = base.catalogue.refresh().await.unwrap();
        assert!(forms.is_of_children("enfant") && forms.is_of_children("nobody knows"));
        assert!(!forms.is_of_children("site"));
    }

    #[tokio::test]
    async fn a_new_version_keeps_the_lists_of_the_one_before() {
        let (_folder, base) = with_forms().await;
        let before = base.catalogue.refresh().await.unwrap();
        let before = before.latest("site").unwrap();
        assert!(before.media.len() > 1);
        let mut tx = base.db.write().await.unwrap();
        let given = vec![(String::from("cercles.csv"), b"name,label\nx,X\n".to_vec())];

        let new = publish(&mut tx, &built_in("site", |xml| xml), given, Micros(i64::MAX)).await;
        assert!(new.unwrap().1);
        tx.commit().await.unwrap();

        let now = base.catalogue.refresh().await.unwrap();
        let now = now.version("site", "2099").unwrap();
        let names = |p: &Published| p.media.iter().map(|m| m.0.clone()).collect::<BTreeSet<_>>();
        assert_eq!(names(now), names(before));
        let changed = now.media.iter().filter(|m| !before.media.contains(m)).collect::<Vec<_>>();
        assert!(matches!(changed[..], [(name, _)] if name == "cercles.csv"), "{changed:?}");
    }

    #[test]
    fn lists_of_people_do_not_leave() {
        assert!(may_leave("sites"));
        assert!(may_leave("cooperatives"));
        assert!(!may_leave("orpailleurs"));
        assert!(!may_leave("enfants"));
        assert!(!may_leave("agents"));
        assert!(!may_leave("card_lots"));
        assert!(may_leave("personnes_of_another_study"));
    }
}
