//! Which column of a list says what: found by its header, or told in a small TOML file.

use std::collections::BTreeMap;

use super::header;

/// What a column can say about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The id of the registration, unlike any other of the list.
    RecordId,
    /// Whether it is about a child (`enfant`, `child`).
    Kind,
    /// Given names.
    Given,
    /// Surname.
    Surname,
    /// Given names and surname in one.
    FullName,
    /// Nickname.
    Alias,
    /// Sex.
    Sex,
    /// Date or year of birth in any writing.
    Birth,
    /// Year of birth.
    BirthYear,
    /// Month of birth.
    BirthMonth,
    /// Day of birth.
    BirthDay,
    /// Age in years on the day of registration.
    Age,
    /// Whether the birth was read from a document.
    BirthDocument,
    /// Village or place of birth or origin.
    BirthPlace,
    /// Cercle of origin.
    Cercle,
    /// Nationality.
    Nationality,
    /// Phone.
    Phone,
    /// National identity number, or its hash.
    Nina,
    /// Whether that number was read from a document.
    NinaSeen,
    /// Card number of the census.
    Card,
    /// Site.
    Site,
    /// Cooperative.
    Cooperative,
    /// Father's name.
    Father,
    /// Mother's name.
    Mother,
    /// Day or moment of registration.
    At,
    /// Enumerator or device.
    Device,
}

impl Column {
    /// All, in the order of help texts and reports.
    pub const ALL: [Self; 26] = [
        Self::RecordId,
        Self::Given,
        Self::Surname,
        Self::FullName,
        Self::Alias,
        Self::Sex,
        Self::Birth,
        Self::BirthYear,
        Self::BirthMonth,
        Self::BirthDay,
        Self::Age,
        Self::BirthDocument,
        Self::BirthPlace,
        Self::Cercle,
        Self::Nationality,
        Self::Phone,
        Self::Nina,
        Self::NinaSeen,
        Self::Card,
        Self::Site,
        Self::Cooperative,
        Self::Father,
        Self::Mother,
        Self::At,
        Self::Device,
        Self::Kind,
    ];

    /// The key in the TOML file and in reports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RecordId => "record_id",
            Self::Kind => "kind",
            Self::Given => "given",
            Self::Surname => "surname",
            Self::FullName => "full_name",
            Self::Alias => "alias",
            Self::Sex => "sex",
            Self::Birth => "birth",
            Self::BirthYear => "birth_year",
            Self::BirthMonth => "birth_month",
            Self::BirthDay => "birth_day",
            Self::Age => "age",
            Self::BirthDocument => "birth_document",
            Self::BirthPlace => "birth_place",
            Self::Cercle => "cercle",
            Self::Nationality => "nationality",
            Self::Phone => "phone",
            Self::Nina => "nina",
            Self::NinaSeen => "nina_seen",
            Self::Card => "card",
            Self::Site => "site",
            Self::Cooperative => "cooperative",
            Self::Father => "father",
            Self::Mother => "mother",
            Self::At => "at",
            Self::Device => "device",
        }
    }

    fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.key() == key)
    }
}

/// Why the columns of a list cannot be told.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MappingError {
    /// The mapping is not TOML, or a value is neither a header nor a list of headers.
    #[error(
        "le fichier de --columns n'est pas comme attendu / the column mapping is not as expected: {0}"
    )]
    Syntax(String),
    /// A key that means nothing.
    #[error(
        "le fichier de --columns : « {key} » n'est pas connu ; connus / the column mapping does not know \"{key}\"; it knows: {}",
        known_keys()
    )]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A header that the file does not have.
    #[error(
        "{} = \"{header}\" : le fichier n'a pas cette colonne / the file has no such column; it has: {}", .column.key(), .has.join(", "))]
    UnknownHeader {
        /// What should be found there.
        column: Column,
        /// The header named.
        header: String,
        /// The headers of the file.
        has: Vec<String>,
    },
    /// Nothing to compare people by.
    #[error(
        "aucune colonne de noms n'est reconnue : dire lesquelles dans un fichier pour --columns, par exemple given = \"prenom\" / no \
         column with names was recognised; the file has: {}. Say which is which in a file for --columns", .has.join(", ")
    )]
    NoNames {
        /// The headers of the file.
        has: Vec<String>,
    },
}

fn known_keys() -> String {
    Column::ALL.map(Column::key).join(", ")
}

/// Where each thing stands in a record: for every column said, the positions whose values are joined by a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(BTreeMap<Column, Vec<usize>>);

impl Columns {
    /// Finds the columns by their headers, then by `mapping` (TOML), which outranks them.
    pub fn find(headers: &[&str], mapping: Option<&str>) -> Result<Self, MappingError> {
        let mut found = Self::by_header(headers);
        if let Some(mapping) = mapping {
            found.apply(headers, mapping)?;
        }
        if [Column::Given, Column::Surname, Column::FullName].iter().all(|c| !found.has(*c)) {
            return Err(MappingError::NoNames { has: owned(headers) });
        }
        Ok(found)
    }

    fn by_header(headers: &[&str]) -> Self {
        let mut found = BTreeMap::new();
        // The best known header of a thing wins, not the first column: "nom" before "nom_famille_2".
        for column in Column::ALL {
            let best = headers
                .iter()
                .enumerate()
                .filter_map(|(at, header)| header::rank(column, header).map(|rank| (rank, at)))
                .min();
            if let Some((_, at)) = best {
                found.insert(column, vec![at]);
            }
        }
        let mut columns = Self(found);
        if columns.has(Column::Given) {
            columns.0.remove(&Column::FullName);
        } else if let Some(surname) = columns.0.remove(&Column::Surname) {
            // « Nom » beside no given name is the whole name.
            columns.0.entry(Column::FullName).or_insert(surname);
        }
        columns
    }

    fn apply(&mut self, headers: &[&str], mapping: &str) -> Result<(), MappingError> {
        let table: toml::Table =
            mapping.parse().map_err(|error: toml::de::Error| syntax(error.message()))?;
        if table.contains_key("given") || table.contains_key("surname") {
            self.0.remove(&Column::FullName);
        }
        for (key, value) in table {
            let column = Column::of_key(&key)
                .ok_or_else(|| MappingError::UnknownKey { key: key.clone() })?;
            let mut at = Vec::new();
            for header in named(&key, &value)? {
                at.push(position(headers, column, &header)?);
            }
            if at.is_empty() {
                self.0.remove(&column);
            } else {
                self.0.insert(column, at);
            }
        }
        Ok(())
    }

    /// Whether the list says this.
    pub fn has(&self, column: Column) -> bool {
        self.0.contains_key(&column)
    }

    /// Where it says it; empty when it does not.
    pub fn at(&self, column: Column) -> &[usize] {
        self.0.get(&column).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is said, in the order of [`Column::ALL`], with the headers it was found under.
    pub fn described<'a>(&self, headers: &[&'a str]) -> Vec<(Column, Vec<&'a str>)> {
        let names = |at: &[usize]| at.iter().filter_map(|&at| headers.get(at).copied()).collect();
        Column::ALL
            .into_iter()
            .filter(|&column| self.has(column))
            .map(|column| (column, names(self.at(column))))
            .collect()
    }

    /// The headers from which nothing is taken.
    pub fn unused<'a>(&self, headers: &[&'a str]) -> Vec<&'a str> {
        let used = |at: usize| self.0.values().any(|positions| positions.contains(&at));
        headers.iter().enumerate().filter(|&(at, _)| !used(at)).map(|(_, header)| *header).collect()
    }
}

fn owned(headers: &[&str]) -> Vec<String> {
    headers.iter().map(|header| header.chars().take(60).collect()).collect()
}

fn syntax(message: &str) -> MappingError {
    MappingError::Syntax(String::from(message))
}

/// The headers that one entry names; an empty text switches the thing off.
fn named(key: &str, value: &toml::Value) -> Result<Vec<String>, MappingError> {
    match value {
        toml::Value::String(header) if header.is_empty() => Ok(Vec::new()),
        toml::Value::String(header) => Ok(vec![header.clone()]),
        toml::Value::Array(all) => all
            .iter()
            .map(|header| header.as_str().map(String::from))
            .collect::<Option<_>>()
            .ok_or_else(|| syntax(&format!("{key} lists something that is not a header"))),
        _ => Err(syntax(&format!("{key} is neither a header nor a list of headers"))),
    }
}

fn position(headers: &[&str], column: Column, wanted: &str) -> Result<usize, MappingError> {
    let exact = headers.iter().position(|header| *header == wanted);
    let folded = || {
        let wanted = header::folded(wanted);
        headers.iter().position(|header| header::folded(header) == wanted)
    };
    exact.or_else(folded).ok_or_else(|| MappingError::UnknownHeader {
        column,
        header: String::from(wanted),
        has: owned(headers),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_of_simulated_lists_is_known() {
        let headers = [
            "record_id",
            "prenom",
            "nom",
            "surnom",
            "sexe",
            "date_naissance",
            "village_origine",
            "cercle_origine",
            "nationalite",
            "telephone",
            "nina",
            "site_code",
            "cooperative",
            "nom_pere",
            "nom_mere",
            "enregistre_le",
            "appareil",
        ];

        let columns = Columns::find(&headers, None).unwrap();

        assert_eq!(columns.described(&headers).len(), 17);
        assert_eq!(columns.unused(&headers), Vec::<&str>::new());
        assert_eq!(columns.at(Column::Surname), [2]);
    }

    #[test]
    fn english_headers_and_those_of_febrl_are_known() {
        let headers = [
            "rec_id",
            " given_name",
            " surname",
            " suburb",
            " postcode",
            " date_of_birth",
            " soc_sec_id",
        ];

        let columns = Columns::find(&headers, None).unwrap();

        for (column, at) in [
            (Column::RecordId, 0),
            (Column::Given, 1),
            (Column::Surname, 2),
            (Column::BirthPlace, 3),
            (Column::Birth, 5),
            (Column::Nina, 6),
        ] {
            assert_eq!(columns.at(column), [at], "{column:?}");
        }
    }

    #[test]
    fn the_headers_of_our_own_exports_are_known() {
        let headers = [
            "entity_id",
            "given_names",
            "surname",
            "dob",
            "birth_year",
            "father_given_names",
            "mother_full_name",
            "id_number_hash",
            "card_no",
            "site_id",
        ];

        let columns = Columns::find(&headers, None).unwrap();

        assert_eq!(columns.unused(&headers), Vec::<&str>::new());
    }

    #[test]
    fn a_whole_name_is_taken_where_there_is_no_given_name() {
        let headers = ["N°", "Nom et prénom", "Âge"];

        let columns = Columns::find(&headers, None).unwrap();

        assert!(columns.has(Column::FullName) && columns.has(Column::Age), "{columns:?}");
        assert!(!columns.has(Column::Surname));
    }

    #[test]
    fn a_mapping_outranks_the_headers_and_can_switch_one_off() {
        let headers = ["id", "prenom", "nom", "tel"];

        let mapping = "given = \"nom\"\nsurname = [\"prenom\", \"tel\"]\nphone = \"\"";
        let columns = Columns::find(&headers, Some(mapping)).unwrap();

        assert_eq!(columns.at(Column::Given), [2]);
        assert_eq!(columns.at(Column::Surname), [1, 3]);
        assert!(!columns.has(Column::Phone));
    }

    #[test]
    fn what_a_mapping_gets_wrong_is_said_with_what_is_right() {
        let find = |mapping| Columns::find(&["prenom"], Some(mapping)).unwrap_err().to_string();

        assert!(
            find("vorname = \"prenom\"").contains("record_id, given, surname"),
            "{}",
            find("vorname = \"prenom\"")
        );
        assert!(find("given = \"Vorname\"").contains("it has: prenom"));
        assert!(find("given = 3").contains("neither a header nor a list"));
        assert!(find("given = ").contains("not as expected"));
    }

    #[test]
    fn a_list_without_names_is_refused() {
        let error = Columns::find(&["quantite", "poids"], None).unwrap_err();

        assert!(error.to_string().contains("quantite, poids"), "{error}");
    }
}
