//! What a clue says, for the person who decides.

use super::{Clue, PlaceEvidence};

impl PlaceEvidence {
    /// The line in French and in English.
    pub fn words(&self) -> (String, String) {
        let (fr, en) = match self.clue {
            Clue::Prior => return both("Point de départ", "Start"),
            Clue::Mark => {
                return both(
                    "Nouveau, ancien ou numéro : l'un des noms le dit, l'autre non",
                    "New, old or a number: one name says so, the other does not",
                );
            }
            Clue::Distance => ("Distance", "Distance"),
            Clue::Name => ("Noms", "Names"),
            Clue::Cercle => ("Cercle déclaré", "Declared cercle"),
            Clue::Authority => ("Autorités du site", "Authorities of the site"),
            Clue::Cooperative => ("Coopératives présentes", "Cooperatives present"),
            Clue::Village => ("Village", "Village"),
            Clue::Opened => ("Année d'ouverture", "Year of opening"),
            Clue::Acronym => ("Sigle", "Acronym"),
            Clue::Level => ("Niveau (base, union, fédération)", "Level (base, union, federation)"),
            Clue::Registration => ("Numéro d'immatriculation", "Registration number"),
            Clue::District => ("Circonscription minière", "Mining district"),
            Clue::Commune => ("Commune", "Commune"),
        };
        let (said_fr, said_en) = level(self.level);
        (format!("{fr} : {said_fr}"), format!("{en}: {said_en}"))
    }
}

fn both(fr: &str, en: &str) -> (String, String) {
    (fr.to_owned(), en.to_owned())
}

fn level(level: &'static str) -> (&'static str, &'static str) {
    match level {
        "200 m" => ("200 m au plus", "at most 200 m"),
        "500 m" => ("500 m au plus", "at most 500 m"),
        "1 km" => ("1 km au plus", "at most 1 km"),
        "farther" => ("plus de 1 km : deux sites", "over 1 km: two sites"),
        "same" => ("identique", "the same"),
        "alike" => ("presque identique", "almost the same"),
        "somewhat" => ("ressemblance faible", "somewhat alike"),
        "near" => ("à cinq ans près", "within five years"),
        "abbreviates" => ("abrège l'autre nom", "abbreviates the other name"),
        "abbreviated" => ("l'un est le sigle de l'autre", "one is the acronym of the other"),
        "different" => ("différent", "different"),
        other => (other, other),
    }
}
