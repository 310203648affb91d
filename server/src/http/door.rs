//! What both front doors do with a submission before it is appended.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::{
    app::App,
    catalogue::Snapshot,
    db::DbError,
    forms::{self, Envelope, XmlRefused},
    intake::{Incoming, Matter, Sender},
    keys::Realm,
    rules,
};

/// Why something is not a submission at all. Data problems never are.
#[derive(Debug)]
pub enum DoorRefusal {
    /// The XML cannot be read safely.
    Xml(XmlRefused),
    /// No form of this id was ever published.
    UnknownForm,
    /// Too many large submissions at once.
    Busy,
    /// The database failed.
    Db(DbError),
}

impl From<DbError> for DoorRefusal {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Past this size a submission waits its turn and is decoded off the request threads.
const LARGE: usize = 256 * 1024;

/// Whose master key seals what this envelope belongs to.
pub fn realm_of(forms: &Snapshot, envelope: &Envelope) -> Realm {
    // What cannot be told is treated as the stricter.
    if forms.is_of_children(&envelope.form_id) { Realm::Children } else { Realm::Adults }
}

/// Understands submissions.
pub struct Door<'a> {
    app: &'a App,
}

impl<'a> Door<'a> {
    /// Of this server.
    pub const fn new(app: &'a App) -> Self {
        Self { app }
    }

    /// Reads a submission as far as needed to keep it, and decodes it when its form is known.
    pub async fn understand(&self, xml: Bytes, sender: Sender) -> Result<Incoming, DoorRefusal> {
        if xml.len() <= LARGE {
            return self.read(xml, sender).await;
        }
        let _turn = self.app.large.acquire().await.map_err(|_| DoorRefusal::Busy)?;
        self.read(xml, sender).await
    }

    async fn read(&self, xml: Bytes, sender: Sender) -> Result<Incoming, DoorRefusal> {
        let forms = self.app.base.catalogue.current().await?;
        let today = self.app.base.runtime.now().date();
        let mut understood = self.with(forms, &xml, today).await;
        if matches!(understood, Err(DoorRefusal::UnknownForm)) {
            // Published a moment ago, perhaps by another process.
            let forms = self.app.base.catalogue.refresh().await?;
            understood = self.with(forms, &xml, today).await;
        }
        let Understood { envelope, realm, decoded, withheld } = understood?;
        let instance_id = envelope.instance_id.unwrap_or_else(|| {
            // A blank id gets one from its content, so that a retry is the same submission.
            format!("sha256:{}", hex::encode(Sha256::digest(&xml)))
        });
        let mut incoming = Incoming {
            matter: Matter::Submission,
            form_id: envelope.form_id,
            form_version: envelope.version,
            instance_id,
            deprecated_id: envelope.deprecated_id,
            xml,
            files: Vec::new(),
            realm,
            sender,
            decoded,
            decoded_on: Some(today),
            withheld: Vec::new(),
            content_hash: None,
        };
        if let Some(Withheld { rules, xml }) = withheld {
            // Keyed: all but what was left out is kept, so a plain hash would let it be guessed.
            let hash = self.app.base.keys.sign(&[b"withheld", &incoming.xml]);
            incoming.content_hash = Some(hash);
            incoming.withheld = rules;
            incoming.xml = xml.into();
        }
        Ok(incoming)
    }

    async fn with(
        &self,
        forms: Arc<Snapshot>,
        xml: &Bytes,
        today: jiff::civil::Date,
    ) -> Result<Understood, DoorRefusal> {
        if xml.len() <= LARGE {
            return understand(&forms, xml, today);
        }
        let xml = xml.clone();
        let work = move || understand(&forms, &xml, today);
        tokio::task::spawn_blocking(work).await.map_err(|_| DoorRefusal::Busy)?
    }
}

/// What a submission is.
struct Understood {
    envelope: Envelope,
    realm: Realm,
    decoded: Option<Arc<forms::Decoded>>,
    withheld: Option<Withheld>,
}

/// What is kept of a submission that says of a person what they did not agree to give.
struct Withheld {
    rules: Vec<String>,
    xml: Vec<u8>,
}

/// Leaves out, before anything is stored, what was taken without consent; the refusal itself is kept and counted.
fn withhold(
    form: &forms::XForm,
    decoded: &forms::Decoded,
    xml: &[u8],
    today: jiff::civil::Date,
) -> Result<Option<Withheld>, DoorRefusal> {
    let at = today
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_or(jiff::Timestamp::UNIX_EPOCH, |z| z.timestamp());
    let rules = rules::without_consent(form, decoded, &rules::Context::at(at));
    if rules.is_empty() {
        return Ok(None);
    }
    let xml = forms::redacted(form, xml).map_err(DoorRefusal::Xml)?;
    Ok(Some(Withheld { rules: rules.into_iter().map(str::to_owned).collect(), xml }))
}

fn understand(
    forms: &Snapshot,
    xml: &[u8],
    today: jiff::civil::Date,
) -> Result<Understood, DoorRefusal> {
    let named = forms::named(xml).map_err(DoorRefusal::Xml)?;
    if let Some(published) = forms.version(&named.form_id, &named.version) {
        // Read once: what can be decoded has an envelope, and is well-formed to its end.
        let mut decoded = forms::decode(&published.form, xml, today).map_err(DoorRefusal::Xml)?;
        let withheld = withhold(&published.form, &decoded, xml, today)?;
        if let Some(kept) = &withheld {
            decoded = forms::decode(&published.form, &kept.xml, today).map_err(DoorRefusal::Xml)?;
        }
        let envelope = decoded.envelope.clone();
        let realm = realm_of(forms, &envelope);
        return Ok(Understood { envelope, realm, decoded: Some(Arc::new(decoded)), withheld });
    }
    let envelope = forms::envelope(xml).map_err(DoorRefusal::Xml)?;
    let Some(latest) = forms.latest(&envelope.form_id) else {
        return Err(DoorRefusal::UnknownForm);
    };
    let realm = realm_of(forms, &envelope);
    // As far as the newest version can tell.
    let withheld = match forms::decode(&latest.form, xml, today) {
        Ok(decoded) => withhold(&latest.form, &decoded, xml, today)?,
        Err(_) => None,
    };
    Ok(Understood { envelope, realm, decoded: None, withheld })
}
