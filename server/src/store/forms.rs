//! Published forms and their media, every version kept.

use crate::{
    db::{Result, Tx},
    runtime::Micros,
};

/// A form version as stored.
#[derive(Clone, Debug)]
pub struct FormRow {
    /// The form's id.
    pub form_id: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: String,
    /// The XForm, byte for byte as served.
    pub xml: Vec<u8>,
    /// MD5 of those bytes, hexadecimal: what Collect compares.
    pub md5: String,
    /// When it was published.
    pub published_at: Micros,
    /// Whether phones are offered it.
    pub is_open: bool,
}

/// A media file of a form version.
#[derive(Clone, Debug)]
pub struct MediaRow {
    /// Its name in the form.
    pub filename: String,
    /// MD5 of its bytes, hexadecimal.
    pub md5: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Stores a form version, or replaces its bytes when the version was published before.
pub async fn put(tx: &mut Tx, form: &FormRow) -> Result<()> {
    tx.query(
        "INSERT INTO form (form_id, version, title, xml, md5, published_at, is_open) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (form_id, version) DO UPDATE SET \
         title = excluded.title, xml = excluded.xml, md5 = excluded.md5, \
         published_at = excluded.published_at, is_open = excluded.is_open",
    )
    .bind(form.form_id.as_str())
    .bind(form.version.as_str())
    .bind(form.title.as_str())
    .bind(form.xml.as_slice())
    .bind(form.md5.as_str())
    .bind(form.published_at)
    .bind(form.is_open)
    .execute()
    .await?;
    Ok(())
}

/// Replaces the media of a form version.
pub async fn put_media(tx: &mut Tx, form: &FormRow, media: &[MediaRow]) -> Result<()> {
    tx.query("DELETE FROM form_media WHERE form_id = $1 AND version = $2")
        .bind(form.form_id.as_str())
        .bind(form.version.as_str())
        .execute()
        .await?;
    let rows = media
        .iter()
        .map(|m| {
            vec![
                form.form_id.as_str().into(),
                form.version.as_str().into(),
                m.filename.as_str().into(),
                m.md5.as_str().into(),
                m.bytes.as_slice().into(),
            ]
        })
        .collect();
    tx.insert_rows("INSERT INTO form_media (form_id, version, filename, md5, bytes)", "", rows)
        .await?;
    Ok(())
}

/// Every version of every form, oldest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<FormRow>> {
    let rows = tx
        .query(
            "SELECT form_id, version, title, xml, md5, published_at, is_open FROM form \
             ORDER BY published_at, form_id, version",
        )
        .fetch_all()
        .await?;
    rows.into_iter()
        .map(|r| {
            Ok(FormRow {
                form_id: r.get(0)?,
                version: r.get(1)?,
                title: r.get(2)?,
                xml: r.get(3)?,
                md5: r.get(4)?,
                published_at: Micros(r.get(5)?),
                is_open: r.get(6)?,
            })
        })
        .collect()
}

/// A token that changes whenever a form is published or closed.
pub async fn change_token(tx: &mut Tx) -> Result<(i64, i64, i64)> {
    let row = tx
        .query(
            "SELECT COUNT(*), COALESCE(MAX(published_at), 0), \
             CAST(COALESCE(SUM(CASE WHEN is_open THEN 1 ELSE 0 END), 0) AS bigint) FROM form",
        )
        .fetch_one()
        .await?;
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// Names and hashes of the media of every form version.
pub async fn media_index(tx: &mut Tx) -> Result<Vec<(String, String, String, String)>> {
    let rows = tx
        .query("SELECT form_id, version, filename, md5 FROM form_media ORDER BY form_id, version, filename")
        .fetch_all()
        .await?;
    rows.into_iter().map(|r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))).collect()
}

/// The bytes of one media file.
pub async fn media(
    tx: &mut Tx,
    form_id: &str,
    version: &str,
    filename: &str,
) -> Result<Option<Vec<u8>>> {
    let row = tx
        .query("SELECT bytes FROM form_media WHERE form_id = $1 AND version = $2 AND filename = $3")
        .bind(form_id)
        .bind(version)
        .bind(filename)
        .fetch_optional()
        .await?;
    row.map(|r| r.get(0)).transpose()
}

/// Stops or resumes offering a form to phones; says how many versions that touched.
pub async fn set_open(tx: &mut Tx, form_id: &str, open: bool, now: Micros) -> Result<u64> {
    tx.query("UPDATE form SET is_open = $2, published_at = $3 WHERE form_id = $1")
        .bind(form_id)
        .bind(open)
        .bind(now)
        .execute()
        .await
}
