//! A correction: the newest version of a submission with other answers, checked before it enters the journal.

use std::collections::BTreeMap;

use axum::response::Response;
use serde_json::json;

use super::{
    decide::Sent,
    one::{is_kept_from, may_read},
};
use crate::{
    access::Role,
    app::App,
    catalogue::Snapshot,
    db::Tx,
    forms::{Choices, CorrectionError, Question, WrongCorrection, XForm, correct},
    http::problem::Problem,
    intake::Review,
    store::submissions,
};

/// Codes of a list that is told whole.
const CODES_TOLD: usize = 40;

/// Why a decision is not taken at the door.
pub(super) enum Refused {
    Problem(Problem),
    /// What is wrong with the answers of a correction: path and French sentence.
    Answers(BTreeMap<String, String>),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Refused {
    /// The stable type of the problem.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Problem(problem) => problem.kind(),
            Self::Answers(_) => "wrong-answers",
        }
    }
}

/// The answer to a correction that is not possible.
pub(super) fn refused(wrong: &BTreeMap<String, String>) -> Response {
    let errors: Vec<_> =
        wrong.iter().map(|(path, message)| json!({ "path": path, "message": message })).collect();
    Problem::new("wrong-answers", "").with(&[("errors", errors.into())])
}

/// A correction with the submission as corrected.
///
/// It holds for the version that it was made from: another one that comes meanwhile refuses it.
pub(super) async fn made(
    app: &App,
    forms: &Snapshot,
    role: Role,
    mut sent: Sent,
) -> Result<Sent, Refused> {
    let mut tx = app.base.db.read().await.map_err(Problem::from)?;
    if let Some(same) = said_before(app, &mut tx, &sent).await? {
        return Ok(Sent { review: same, ..sent });
    }
    let (zone, submission) = (sent.row.zone_id, sent.row.submission_id);
    let newest = app.applier.newest_version(&mut tx, (zone, submission)).await;
    let newest = newest.map_err(Problem::from)?;
    drop(tx);
    let newest = newest.filter(|v| v.seq == sent.row.seq);
    let undecodable = || Problem::new("undecodable", "");
    let newest = newest.ok_or_else(undecodable)?;
    if sent.review.seen.is_some_and(|seen| seen != newest.seq) {
        return Err(Problem::new("changed-meanwhile", "").into());
    }
    let exact = forms.version(&sent.row.form_id, &sent.row.form_version);
    let published = exact.or_else(|| forms.latest(&sent.row.form_id)).ok_or_else(undecodable)?;
    readable(&published.form, role, &sent.review)?;
    let today = newest.at.date();
    let xml = match correct(&published.form, &newest.xml, &sent.review.answers, today) {
        Ok(xml) => xml,
        Err(CorrectionError::Wrong(wrong)) => {
            let sentences = wrong.into_iter().map(|(path, why)| {
                let said = sentence(&published.form, &path, why);
                (path, said)
            });
            return Err(Refused::Answers(sentences.collect()));
        }
        Err(CorrectionError::Xml(_)) => return Err(undecodable().into()),
    };
    sent.review.corrected = String::from_utf8(xml).map_err(|_| undecodable())?;
    sent.review.seen = Some(newest.seq);
    Ok(sent)
}

/// The same correction under the same id, as it stands in the journal: its bytes are what makes it the same.
async fn said_before(app: &App, tx: &mut Tx, sent: &Sent) -> Result<Option<Review>, Problem> {
    let of = [(sent.row.zone_id, sent.review.review_id)];
    let Some(row) = submissions::taken(tx, &of).await?.into_iter().next() else { return Ok(None) };
    let words = app.applier.review_words(tx, &[row.seq]).await?;
    let same = words.into_iter().map(|(_, review)| review).find(|said| {
        let (a, b) = (said, &sent.review);
        (a.submission_id, a.action, &a.reason, &a.answers, &a.role)
            == (b.submission_id, b.action, &b.reason, &b.answers, &b.role)
            && (b.seen.is_none() || b.seen == a.seen)
    });
    // Another answer under this id: told as for every decision.
    same.map(Some).ok_or_else(|| Problem::new("decision-id-used", ""))
}

/// Nobody changes unseen what they may not read.
fn readable(form: &XForm, role: Role, review: &Review) -> Result<(), Refused> {
    let mut wrong = BTreeMap::new();
    for path in review.answers.keys() {
        let question = question(form, path);
        let hidden =
            |q: &Question| !may_read(role, review.children, q.class) || is_kept_from(role, q);
        if question.is_some_and(hidden) {
            wrong.insert(path.clone(), String::from("Ce compte ne peut pas lire cette réponse."));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Answers(wrong)) }
}

/// The question at a path, whatever positions of repeats it names.
fn question<'f>(form: &'f XForm, path: &str) -> Option<&'f Question> {
    let plain: Vec<&str> =
        path.split('/').map(|step| step.split('[').next().unwrap_or_default()).collect();
    form.question(&plain.join("/"))
}

/// What is wrong, as the data manager reads it.
fn sentence(form: &XForm, path: &str, why: WrongCorrection) -> String {
    let what = match why {
        WrongCorrection::NoSuchQuestion => "Le questionnaire n'a pas cette question à cet endroit.",
        WrongCorrection::Calculated => {
            "Réponse calculée par le questionnaire : corriger celles dont elle dépend."
        }
        WrongCorrection::WrongType => "La valeur n'est pas du type attendu.",
        WrongCorrection::UnknownCode => {
            let known = question(form, path).map(known_codes).unwrap_or_default();
            return format!("Ce code n'est pas dans la liste du questionnaire{known}.");
        }
        WrongCorrection::OutOfRange => "La valeur est hors des limites du questionnaire.",
    };
    what.to_owned()
}

/// The codes that a question takes, with what they mean; nothing where they are too many to read.
fn known_codes(of: &Question) -> String {
    let codes: Vec<&str> = match &of.choices {
        Choices::Inline(set) => set.codes().iter().map(String::as_str).collect(),
        Choices::List { file, .. } => return format!(" ; les codes sont dans {file}.csv"),
        Choices::Open => Vec::new(),
    };
    if codes.is_empty() || codes.len() > CODES_TOLD {
        return String::new();
    }
    let labels = sanu_schemas::labels_of(&codes);
    let with_label: Vec<String> =
        labels.iter().map(|[code, label]| format!("{code} ({label})")).collect();
    let told = if with_label.is_empty() { codes.join(", ") } else { with_label.join(", ") };
    format!(" : {told}")
}
