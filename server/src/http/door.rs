//! What both front doors do with a submission before it is appended.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::{
    app::App,
    apply::realm_of_form,
    catalogue::Snapshot,
    db::DbError,
    forms::{self, Envelope, XmlRefused},
    intake::{Incoming, Matter, Sender},
    keys::Realm,
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
    let form = forms
        .version(&envelope.form_id, &envelope.version)
        .or_else(|| forms.latest(&envelope.form_id));
    // What cannot be told is treated as the stricter.
    form.map_or(Realm::Children, |p| realm_of_form(&p.form))
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
        let (envelope, realm, decoded) = understood?;
        let instance_id = envelope.instance_id.unwrap_or_else(|| {
            // A blank id gets one from its content, so that a retry is the same submission.
            format!("sha256:{}", hex::encode(Sha256::digest(&xml)))
        });
        Ok(Incoming {
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
        })
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

type Understood = (Envelope, Realm, Option<Arc<forms::Decoded>>);

fn understand(
    forms: &Snapshot,
    xml: &[u8],
    today: jiff::civil::Date,
) -> Result<Understood, DoorRefusal> {
    let named = forms::named(xml).map_err(DoorRefusal::Xml)?;
    if let Some(published) = forms.version(&named.form_id, &named.version) {
        // Read once: what can be decoded has an envelope, and is well-formed to its end.
        let decoded = forms::decode(&published.form, xml, today).map_err(DoorRefusal::Xml)?;
        let envelope = decoded.envelope.clone();
        return Ok((envelope, realm_of_form(&published.form), Some(Arc::new(decoded))));
    }
    let envelope = forms::envelope(xml).map_err(DoorRefusal::Xml)?;
    if forms.latest(&envelope.form_id).is_none() {
        return Err(DoorRefusal::UnknownForm);
    }
    let realm = realm_of(forms, &envelope);
    Ok((envelope, realm, None))
}
