//! From a row of any layout to a registration as the engine takes it.

use crate::linkage::{Kind, Registration, Sex};

use super::{
    columns::{Column, Columns},
    oddities::{Oddities, Oddity},
    rows::Row,
};

/// Characters of a value that are read.
const LONGEST_VALUE: usize = 1_000;

/// What lists write for "not known". Whole values, in this very writing: « Nan » and « Na » are names.
const NOTHING: &[&str] = &[
    "-",
    "--",
    ".",
    "?",
    "/",
    "N/A",
    "n/a",
    "NA",
    "nan",
    "NaN",
    "NULL",
    "null",
    "None",
    "none",
    "nd",
    "ND",
    "NSP",
    "nsp",
    "néant",
    "Néant",
    "NEANT",
    "inconnu",
    "Inconnu",
    "INCONNU",
    "inconnue",
    "Inconnue",
    "INCONNUE",
    "ne sait pas",
    "Ne sait pas",
];

/// Where one thing stands in a row.
#[derive(Clone, Copy, Debug)]
enum Place {
    Nowhere,
    /// In the value at this place.
    Value(usize),
    /// In the text put together at this place of [`Person::joined`].
    Joined(usize),
}

/// The places of all that is read, found once: rows are many.
#[derive(Clone, Debug)]
struct Places {
    kind: Place,
    given: Place,
    surname: Place,
    full_name: Place,
    alias: Place,
    sex: Place,
    birth: Place,
    birth_year: Place,
    birth_month: Place,
    birth_day: Place,
    age: Place,
    birth_document: Place,
    birth_place: Place,
    cercle: Place,
    nationality: Place,
    phone: Place,
    nina: Place,
    nina_seen: Place,
    card: Place,
    site: Place,
    cooperative: Place,
    father: Place,
    mother: Place,
    at: Place,
    device: Place,
}

/// Reads rows of one list; keeps the memory of what it must put together.
#[derive(Clone, Debug)]
pub struct Person {
    places: Places,
    /// Places whose values are joined, and what came of it.
    joined: Vec<(Vec<usize>, String)>,
    birth: String,
    given: String,
    surname: String,
}

impl Person {
    /// Reads rows with these columns.
    pub fn new(columns: &Columns) -> Self {
        let mut joined = Vec::new();
        let mut place = |column: Column| match columns.at(column) {
            [] => Place::Nowhere,
            [at] => Place::Value(*at),
            several => {
                joined.push((several.to_vec(), String::new()));
                Place::Joined(joined.len() - 1)
            }
        };
        let places = Places {
            kind: place(Column::Kind),
            given: place(Column::Given),
            surname: place(Column::Surname),
            full_name: place(Column::FullName),
            alias: place(Column::Alias),
            sex: place(Column::Sex),
            birth: place(Column::Birth),
            birth_year: place(Column::BirthYear),
            birth_month: place(Column::BirthMonth),
            birth_day: place(Column::BirthDay),
            age: place(Column::Age),
            birth_document: place(Column::BirthDocument),
            birth_place: place(Column::BirthPlace),
            cercle: place(Column::Cercle),
            nationality: place(Column::Nationality),
            phone: place(Column::Phone),
            nina: place(Column::Nina),
            nina_seen: place(Column::NinaSeen),
            card: place(Column::Card),
            site: place(Column::Site),
            cooperative: place(Column::Cooperative),
            father: place(Column::Father),
            mother: place(Column::Mother),
            at: place(Column::At),
            device: place(Column::Device),
        };
        Self { places, joined, birth: String::new(), given: String::new(), surname: String::new() }
    }

    /// Reads one row. The texts of the registration are those of the row, or put together here.
    pub fn read<'a>(&'a mut self, row: &'a Row, oddities: &mut Oddities) -> Registration<'a> {
        for (at, text) in &mut self.joined {
            text.clear();
            for value in at.iter().map(|&at| known(row.value(at))).filter(|v| !v.is_empty()) {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(value);
            }
        }
        self.put_birth_together(row);
        self.split_full_name(row);
        let (this, places, line) = (&*self, &self.places, row.line());
        let mut text = |place: Place| this.bounded(row, place, oddities);
        let mut registration = Registration {
            given: text(places.given),
            surname: text(places.surname),
            alias: text(places.alias),
            birth: text(places.birth),
            birth_place: text(places.birth_place),
            cercle: text(places.cercle),
            nationality: text(places.nationality),
            phone: text(places.phone),
            nina: text(places.nina),
            card: text(places.card),
            site: text(places.site),
            cooperative: text(places.cooperative),
            father: text(places.father),
            mother: text(places.mother),
            device: text(places.device),
            kind: if is_child(text(places.kind)) { Kind::Child } else { Kind::Miner },
            birth_document: is_yes(text(places.birth_document)),
            nina_seen: is_yes(text(places.nina_seen)),
            sex: None,
            at: None,
        };
        let (sex, at) = (text(places.sex), text(places.at));
        if !matches!(places.full_name, Place::Nowhere) {
            (registration.given, registration.surname) = (&this.given, &this.surname);
        }
        if !this.birth.is_empty() {
            registration.birth = &this.birth;
        }
        registration.sex = sex_of(sex);
        registration.at = seconds(at);
        if registration.sex.is_none() && !sex.is_empty() {
            oddities.note(Oddity::UnknownSex, line);
        }
        if registration.at.is_none() && !at.is_empty() {
            oddities.note(Oddity::UnknownMoment, line);
        }
        if registration.given.is_empty() && registration.surname.is_empty() {
            oddities.note(Oddity::NoName, line);
        }
        registration
    }

    fn value<'a>(&'a self, row: &'a Row, place: Place) -> &'a str {
        match place {
            Place::Nowhere => "",
            Place::Value(at) => known(row.value(at)),
            Place::Joined(at) => self.joined.get(at).map_or("", |(_, text)| text),
        }
    }

    /// The value, cut where it is too long.
    fn bounded<'a>(&'a self, row: &'a Row, place: Place, oddities: &mut Oddities) -> &'a str {
        let value = self.value(row, place);
        let kept = cut(value);
        if kept.len() < value.len() {
            oddities.note(Oddity::LongValue, row.line());
        }
        kept
    }

    /// Year, month and day in columns of their own; an age; dates without separators, or as a sheet counts days.
    fn put_birth_together(&mut self, row: &Row) {
        let places = &self.places;
        let birth = self.value(row, places.birth);
        let number = |place: Place| self.value(row, place).parse::<u16>().ok();
        let year_of = |text: &str| text.get(..4).and_then(|year| year.parse::<u16>().ok());
        self.birth = if !birth.is_empty() {
            compact_date(birth).unwrap_or_default()
        } else if let Some(year) = number(places.birth_year) {
            match (number(places.birth_month), number(places.birth_day)) {
                (Some(month @ 1..=12), Some(day @ 1..=31)) => format!("{year}-{month:02}-{day:02}"),
                _ => year.to_string(),
            }
        } else if let (Some(age @ 0..=120), Some(year)) =
            (number(places.age), year_of(self.value(row, places.at)))
        {
            format!("{age} ans en {year}")
        } else {
            String::new()
        };
    }

    /// Splits a whole name: what is in capitals is the surname, else the last word.
    fn split_full_name(&mut self, row: &Row) {
        if matches!(self.places.full_name, Place::Nowhere) {
            return;
        }
        let (mut given, mut surname) = (String::new(), String::new());
        let whole = cut(self.value(row, self.places.full_name));
        let is_capitals = |word: &str| {
            word.chars().filter(|c| c.is_alphabetic()).count() > 1
                && !word.chars().any(char::is_lowercase)
        };
        let mixed =
            whole.split_whitespace().any(is_capitals) && whole.chars().any(char::is_lowercase);
        let last = whole.split_whitespace().last().unwrap_or_default();
        for (at, word) in whole.split_whitespace().enumerate() {
            let is_last = at + 1 == whole.split_whitespace().count() && word == last;
            let in_surname = if mixed { is_capitals(word) } else { is_last };
            let part = if in_surname { &mut surname } else { &mut given };
            if !part.is_empty() {
                part.push(' ');
            }
            part.push_str(word);
        }
        (self.given, self.surname) = (given, surname);
    }
}

/// The value without what is beyond its longest length.
fn cut(value: &str) -> &str {
    if value.len() <= LONGEST_VALUE {
        return value;
    }
    let end = value.char_indices().nth(LONGEST_VALUE).map_or(value.len(), |(end, _)| end);
    value.get(..end).unwrap_or_default()
}

/// The value without blanks around it; empty where it only says that nothing is known.
fn known(value: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = value.as_bytes();
    let value = if is_plain(bytes.first()) && is_plain(bytes.last()) {
        value
    } else {
        value.trim_matches(|c: char| c.is_whitespace() || c == '\0')
    };
    // Looked at by the first byte, because nearly all values say something.
    let may_be_nothing = matches!(
        value.as_bytes().first(),
        Some(b'-' | b'.' | b'?' | b'/' | b'N' | b'n' | b'I' | b'i')
    );
    if may_be_nothing && NOTHING.contains(&value) { "" } else { value }
}

fn is_child(value: &str) -> bool {
    matches!(value.chars().next(), Some('e' | 'E' | 'c' | 'C'))
}

fn is_yes(value: &str) -> bool {
    matches!(value.chars().next(), Some('1' | 'o' | 'O' | 'y' | 'Y' | 't' | 'T' | 'v' | 'V'))
}

fn sex_of(value: &str) -> Option<Sex> {
    match value.chars().next()? {
        'm' | 'M' | 'h' | 'H' | '1' | 'g' | 'G' => Some(Sex::Male),
        'f' | 'F' | 'w' | 'W' | '2' => Some(Sex::Female),
        _ => None,
    }
}

/// `19610203`, or a sheet's count of days since the end of 1899, as `1961-02-03`.
fn compact_date(value: &str) -> Option<String> {
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match value.len() {
        8 => {
            let (year, rest) = value.split_at_checked(4)?;
            let (month, day) = rest.split_at_checked(2)?;
            let month_and_day = (month.parse::<u8>().ok()?, day.parse::<u8>().ok()?);
            matches!(month_and_day, (1..=12, 1..=31)).then(|| format!("{year}-{month}-{day}"))
        }
        5 => {
            let days: i64 = value.parse().ok()?;
            let date =
                jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()?;
            Some(date.to_string())
        }
        _ => None,
    }
}

/// Seconds since 1970 of `2026-01-05`, `2026-01-05T06:10:36Z`, `05/01/2026 06:10`; time zones are not looked at.
fn seconds(value: &str) -> Option<i64> {
    let (date, time) = value.split_once(['T', ' ']).unwrap_or((value, ""));
    let mut parts = date.split(['-', '/', '.']);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, day) = if first.len() == 4 { (first, third) } else { (third, first) };
    let date =
        jiff::civil::Date::new(year.parse().ok()?, second.parse().ok()?, day.parse().ok()?).ok()?;
    let mut clock =
        time.split(':').map(|part| part.get(..2).and_then(|two| two.parse::<i64>().ok()));
    let mut next = || clock.next().flatten().unwrap_or(0);
    let of_day = next() * 3_600 + next() * 60 + next();
    Some(days_since_1970(date) * 86_400 + of_day)
}

/// Days of the Gregorian calendar, by whole eras of 400 years.
fn days_since_1970(date: jiff::civil::Date) -> i64 {
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    // Years begin in March, so that the leap day ends one.
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Rows;

    fn read(csv: &str, check: impl FnOnce(Registration<'_>)) -> Oddities {
        let (mut rows, header) = Rows::open(csv.as_bytes()).unwrap();
        let headers: Vec<&str> = (0..header.len()).map(|at| header.value(at)).collect();
        let columns = Columns::find(&headers, None).unwrap();
        let mut row = Row::default();
        assert!(rows.next(&mut row).unwrap());
        let mut oddities = Oddities::default();
        check(Person::new(&columns).read(&row, &mut oddities));
        oddities
    }

    #[test]
    fn moments_are_seconds_since_1970() {
        for (text, is) in [
            ("1970-01-01", Some(0)),
            ("2026-01-05T06:10:36Z", Some(1_767_593_436)),
            ("05/01/2026 06:10", Some(1_767_593_400)),
            ("2000-02-29", Some(951_782_400)),
            ("1969-12-31", Some(-86_400)),
            ("2026-13-01", None),
            ("hier", None),
        ] {
            assert_eq!(seconds(text), is, "{text}");
        }
    }

    #[test]
    fn a_birth_is_put_together_from_what_there_is() {
        for (csv, birth) in [
            ("nom,date_naissance\nX,vers 1980\n", "vers 1980"),
            ("nom,dob\nX,19610203\n", "1961-02-03"),
            ("nom,dob\nX,22315\n", "1961-02-03"),
            ("nom,by,bm,bd\nX,1980,7,23\n", "1980-07-23"),
            ("nom,by,bm,bd\nX,1980,,\n", "1980"),
            ("nom,age,date\nX,32,2026-04-01\n", "32 ans en 2026"),
            ("nom,dob\nX,inconnu\n", ""),
        ] {
            read(csv, |registration| assert_eq!(registration.birth, birth, "{csv}"));
        }
    }

    #[test]
    fn a_whole_name_is_split_at_its_capitals_or_before_its_last_word() {
        for (name, given, surname) in [
            ("DAFPE Amadou", "Amadou", "DAFPE"),
            ("Amadou Sanoussi DAFPE", "Amadou Sanoussi", "DAFPE"),
            ("Moussa Traoré", "Moussa", "Traoré"),
            ("MOUSSA TRAORE", "MOUSSA", "TRAORE"),
            ("Moussa", "", "Moussa"),
        ] {
            read(&format!("nom_complet,age\n{name},3\n"), |registration| {
                assert_eq!((registration.given, registration.surname), (given, surname));
            });
        }
    }

    #[test]
    fn long_values_are_cut_at_a_letter_and_told() {
        let long = "é".repeat(10_000);

        let oddities = read(&format!("prenom,nom\n{long},X\n"), |registration| {
            assert_eq!(registration.given.chars().count(), 1_000);
        });

        assert_eq!(oddities.met().next().map(|(o, n, _)| (o, n)), Some((Oddity::LongValue, 1)));
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_line() {
        let oddities = read("prenom,nom,sexe,date\n,,quoi,hier\n", |registration| {
            assert_eq!((registration.sex, registration.at), (None, None));
        });

        let met: Vec<(Oddity, u64, Vec<u64>)> =
            oddities.met().map(|(o, n, lines)| (o, n, lines.to_vec())).collect();
        assert_eq!(
            met,
            [
                (Oddity::UnknownSex, 1, vec![2]),
                (Oddity::UnknownMoment, 1, vec![2]),
                (Oddity::NoName, 1, vec![2]),
            ]
        );
    }
}
