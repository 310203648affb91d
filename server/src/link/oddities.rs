//! What was odd in a list: counted, with the first lines it was met on.

use serde::Serialize;

use super::rows::Row;

/// Something odd that reading could live with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// A quote was opened and never closed; its line was read as it stands.
    BrokenQuote,
    /// Fewer values than headers; the others count as empty.
    TooFewValues,
    /// More values than headers; they may be shifted.
    TooManyValues,
    /// Not UTF-8; read as Windows-1252.
    NotUtf8,
    /// A value of more than a thousand characters; the rest was left out.
    LongValue,
    /// A sex that is neither.
    UnknownSex,
    /// A moment of registration that is no date.
    UnknownMoment,
    /// Neither given name nor surname.
    NoName,
}

impl Oddity {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BrokenQuote,
        Self::TooFewValues,
        Self::TooManyValues,
        Self::NotUtf8,
        Self::LongValue,
        Self::UnknownSex,
        Self::UnknownMoment,
        Self::NoName,
    ];

    /// In French, for the report.
    pub const fn french(self) -> &'static str {
        match self {
            Self::BrokenQuote => {
                "guillemet ouvert et jamais fermé : ligne lue telle quelle, rien d'autre n'est perdu"
            }
            Self::TooFewValues => {
                "moins de valeurs que de colonnes : les autres comptent comme vides"
            }
            Self::TooManyValues => {
                "plus de valeurs que de colonnes : elles sont peut-être décalées"
            }
            Self::NotUtf8 => "texte qui n'est pas en UTF-8 : lu comme Windows-1252",
            Self::LongValue => "valeur de plus de 1 000 caractères : la suite n'a pas été lue",
            Self::UnknownSex => "sexe non reconnu : compte comme inconnu",
            Self::UnknownMoment => "date d'enregistrement non reconnue : compte comme inconnue",
            Self::NoName => "ni prénom ni nom",
        }
    }

    /// In English, for the terminal.
    pub const fn english(self) -> &'static str {
        match self {
            Self::BrokenQuote => {
                "a quote is opened and never closed: read as it stands, nothing else is lost"
            }
            Self::TooFewValues => "fewer values than columns: the others count as empty",
            Self::TooManyValues => "more values than columns: they may be shifted",
            Self::NotUtf8 => "not UTF-8: read as Windows-1252",
            Self::LongValue => "a value of more than 1,000 characters: its end was left out",
            Self::UnknownSex => "sex not understood: counts as unknown",
            Self::UnknownMoment => "moment of registration not understood: counts as unknown",
            Self::NoName => "neither given name nor surname",
        }
    }
}

/// How many lines are told.
const TOLD: usize = 5;

/// How often each oddity was met.
#[derive(Clone, Debug, Default)]
pub struct Oddities {
    counts: [u64; Oddity::ALL.len()],
    lines: [Vec<u64>; Oddity::ALL.len()],
}

impl Oddities {
    /// Notes one.
    pub fn note(&mut self, oddity: Oddity, line: u64) {
        let Some(at) = Oddity::ALL.iter().position(|&known| known == oddity) else { return };
        if let (Some(count), Some(lines)) = (self.counts.get_mut(at), self.lines.get_mut(at)) {
            *count += 1;
            if lines.len() < TOLD {
                lines.push(line);
            }
        }
    }

    /// Notes what is odd about the shape of a row that should have so many values.
    pub(super) fn note_shape(&mut self, row: &Row, values: usize) {
        let empty_beyond = (values..row.len()).all(|at| row.value(at).trim().is_empty());
        for (odd, oddity) in [
            (row.broken_quote(), Oddity::BrokenQuote),
            (row.len() < values, Oddity::TooFewValues),
            (!empty_beyond, Oddity::TooManyValues),
            (row.not_utf8(), Oddity::NotUtf8),
        ] {
            if odd {
                self.note(oddity, row.line());
            }
        }
    }

    /// Those that were met, with how often and the first lines.
    pub fn met(&self) -> impl Iterator<Item = (Oddity, u64, &[u64])> {
        Oddity::ALL
            .into_iter()
            .zip(self.counts.iter().zip(&self.lines))
            .filter(|(_, (count, _))| **count > 0)
            .map(|(oddity, (&count, lines))| (oddity, count, lines.as_slice()))
    }
}
