//! One registration as it stands in the file: texts, in the words and the writing of one enumerator.

use jiff::ToSpan as _;

use super::{
    super::{people::Sex, rng::Rng},
    hand::{careless, digit_slip, plain, spelled},
    home::{FullName, Known, Person, SEASON},
    land::{Enumerator, Land, PhoneStyle, Site},
    lists,
    mix::Mix,
};

/// One registration, one text per column; empty where nothing was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Unlike any other of its set.
    pub record_id: String,
    /// Given names.
    pub given: String,
    /// Surname.
    pub surname: String,
    /// Nickname.
    pub alias: String,
    /// `M` or `F`.
    pub sex: String,
    /// `1996-02-03`, `03/02/1996`, `1996`, `vers 1996`.
    pub birth: String,
    /// Village of origin.
    pub village: String,
    /// Cercle of origin.
    pub cercle: String,
    /// Nationality, in some wording.
    pub nationality: String,
    /// Phone, in some writing.
    pub phone: String,
    /// National identity number.
    pub nina: String,
    /// Code of the site.
    pub site: String,
    /// Cooperative.
    pub cooperative: String,
    /// Father's name.
    pub father: String,
    /// Mother's name.
    pub mother: String,
    /// When it was written, RFC 3339.
    pub at: String,
    /// Device of the enumerator.
    pub device: String,
}

impl Written {
    /// The headers of the columns, in order.
    pub const COLUMNS: [&str; 17] = [
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

    /// The texts in the order of the columns.
    pub fn fields(&self) -> [&str; 17] {
        [
            &self.record_id,
            &self.given,
            &self.surname,
            &self.alias,
            &self.sex,
            &self.birth,
            &self.village,
            &self.cercle,
            &self.nationality,
            &self.phone,
            &self.nina,
            &self.site,
            &self.cooperative,
            &self.father,
            &self.mother,
            &self.at,
            &self.device,
        ]
    }

    /// Sets the moment, from the second of the season.
    pub(super) fn registered(&mut self, second: u32) {
        let (day, second) = (second / 86_400, second % 86_400);
        let day = SEASON.saturating_add(i64::from(day).days());
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        self.at = format!("{day}T{hour:02}:{minute:02}:{second:02}Z");
    }

    /// Writes everything but the id and the moment.
    pub(super) fn fill(
        &mut self,
        rng: &mut Rng,
        person: &Person,
        site: &Site,
        land: &Land,
        mix: &Mix,
    ) {
        let which = rng.below(u64::try_from(site.enumerators.len()).unwrap_or(1));
        let by = usize::try_from(which).ok().and_then(|which| site.enumerators.get(which));
        let by = by.expect("every site has enumerators");
        let pen = Pen { by, mix, care: by.carelessness };
        (self.given, self.alias) = pen.given(rng, person);
        self.surname = pen.surname(rng, person);
        if (by.surname_first && rng.percent(85)) || rng.chance(mix.swapped * pen.care) {
            std::mem::swap(&mut self.given, &mut self.surname);
        }
        self.sex = String::from(pen.sex(rng, person.sex));
        self.birth = pen.birth(rng, person);
        (self.village, self.cercle) = pen.origin(rng, person, land);
        let country = land.origin_at(person.origin).country;
        self.nationality = String::from(nationality(by.nationality, country));
        self.phone = pen.phone(rng, person);
        self.nina = pen.nina(rng, person);
        self.site.clone_from(&site.code);
        self.cooperative =
            if rng.percent(60) { pick(rng, &site.cooperatives) } else { String::new() };
        self.father = pen.parent(rng, person.father, Sex::Male);
        self.mother = pen.parent(rng, person.mother, Sex::Female);
        self.device.clone_from(&by.device);
        self.in_the_letters_of(by);
    }

    fn in_the_letters_of(&mut self, by: &Enumerator) {
        for text in [
            &mut self.given,
            &mut self.surname,
            &mut self.alias,
            &mut self.village,
            &mut self.cercle,
            &mut self.father,
            &mut self.mother,
        ] {
            if by.plain_letters {
                *text = plain(text);
            }
            if by.upper_case {
                *text = text.to_uppercase();
            }
        }
    }
}

/// An enumerator at work.
struct Pen<'a> {
    by: &'a Enumerator,
    mix: &'a Mix,
    care: f64,
}

impl Pen<'_> {
    fn spelled(&self, rng: &mut Rng, name: &lists::Name) -> String {
        spelled(rng, name, self.mix, self.care)
    }

    /// Given names and nickname.
    fn given(&self, rng: &mut Rng, person: &Person) -> (String, String) {
        let mut given = self.spelled(rng, person.name.given);
        if let Some(second) = person.second
            && rng.percent(68)
        {
            let joint = if rng.percent(10) { "-" } else { " " };
            given = format!("{given}{joint}{}", self.spelled(rng, second));
        }
        let Some(nickname) = person.nickname else { return (given, String::new()) };
        let nickname = nickname.text.clone();
        if rng.chance(self.mix.nickname_only) {
            return (nickname, String::new());
        }
        match rng.below(100) {
            0..36 => (given, nickname),
            36..54 => {
                let called = if person.sex == Sex::Male { "dit" } else { "dite" };
                (format!("{given} {called} {nickname}"), String::new())
            }
            _ => (given, String::new()),
        }
    }

    fn surname(&self, rng: &mut Rng, person: &Person) -> String {
        let own = self.spelled(rng, person.name.surname);
        let Some(husband) = person.husband else { return own };
        let husband = self.spelled(rng, husband);
        if rng.chance(self.mix.husband_only) {
            return husband;
        }
        match rng.below(100) {
            0..22 => format!("{own} épouse {husband}"),
            22..38 => format!("Mme {husband} née {own}"),
            38..45 => format!("{own} ép. {husband}"),
            45..54 => format!("Mme {husband} {own}"),
            _ => own,
        }
    }

    fn sex(&self, rng: &mut Rng, sex: Sex) -> &'static str {
        if rng.percent(1) {
            return "";
        }
        match (sex, rng.chance(self.mix.sex_slip)) {
            (Sex::Male, false) | (Sex::Female, true) => "M",
            _ => "F",
        }
    }

    fn birth(&self, rng: &mut Rng, person: &Person) -> String {
        if rng.percent(2) {
            return String::new();
        }
        let year = person.birth.year();
        match person.known {
            Known::Day if rng.percent(9) => year.to_string(),
            Known::Day if self.by.first_january && rng.percent(40) => format!("{year}-01-01"),
            Known::Day => self.full_date(rng, person),
            Known::Year if rng.chance(self.mix.other_year * 0.4) => {
                let told = year + told_apart(rng, person.habit);
                self.year(rng, told)
            }
            Known::Year => self.year(rng, year),
            Known::About => {
                let mut told = year;
                if rng.chance(self.mix.other_year * 2.0) {
                    told += told_apart(rng, person.habit);
                }
                if rng.percent(35) {
                    // Ages are told as multiples of five.
                    let age = SEASON.year() - told;
                    told = SEASON.year() - (age + 2) / 5 * 5;
                }
                if self.by.first_january && rng.percent(70) {
                    format!("{told}-01-01")
                } else {
                    format!("vers {told}")
                }
            }
        }
    }

    fn year(&self, rng: &mut Rng, year: i16) -> String {
        if self.by.first_january && rng.percent(78) {
            return if rng.percent(93) { format!("{year}-01-01") } else { format!("{year}-12-31") };
        }
        if self.by.says_about { format!("vers {year}") } else { year.to_string() }
    }

    fn full_date(&self, rng: &mut Rng, person: &Person) -> String {
        let birth = person.birth;
        let (mut year, mut month, mut day) = (birth.year(), birth.month(), birth.day());
        if rng.chance(self.mix.date_slip * self.care) {
            match rng.below(10) {
                0..3 if day <= 12 => std::mem::swap(&mut month, &mut day),
                0..6 => day = (day + 9) % 28 + 1,
                6..8 => month = month % 12 + 1,
                _ => year += if rng.percent(50) { 10 } else { -1 },
            }
        }
        if self.by.day_month_year {
            format!("{day:02}/{month:02}/{year}")
        } else {
            format!("{year}-{month:02}-{day:02}")
        }
    }

    /// Village and cercle.
    fn origin(&self, rng: &mut Rng, person: &Person, land: &Land) -> (String, String) {
        let origin = land.origin_at(person.origin);
        let village = match rng.chance(self.mix.other_village) {
            false => land.village_name(person.origin, person.village),
            true if rng.percent(50) => origin.cercle.clone(),
            true => land.village_name(person.origin, Land::village(rng)),
        };
        let village = if rng.percent(5) {
            String::new()
        } else {
            careless(rng, &village, self.mix, self.care * 1.3)
        };
        let cercle = if rng.percent(5) {
            String::new()
        } else if rng.percent(3) {
            land.origin_at(land.origin(rng)).cercle.clone()
        } else {
            careless(rng, &origin.cercle, self.mix, self.care * 0.5)
        };
        (village, cercle)
    }

    fn phone(&self, rng: &mut Rng, person: &Person) -> String {
        let [first, second] = person.phones;
        // Parts of all people, where a fifth has no phone at all.
        let shared = rng.chance(self.mix.shared_phone);
        let own = if second.is_some() && rng.percent(35) { second } else { first };
        let given = own.filter(|_| !rng.chance(self.mix.no_phone - 0.15));
        let Some(number) = (if shared { Some(person.family_phone) } else { given }) else {
            return String::new();
        };
        let mut digits = number.to_string();
        if rng.chance(self.mix.digit_slip * self.care) {
            digits = digit_slip(rng, &digits);
        }
        match self.by.phone {
            PhoneStyle::Joined => digits,
            PhoneStyle::Pairs => pairs(&digits),
            PhoneStyle::Plus => format!("+223{digits}"),
            PhoneStyle::Zeros => format!("00223 {digits}"),
        }
    }

    fn nina(&self, rng: &mut Rng, person: &Person) -> String {
        // Rather more than half of all people have one.
        if person.nina.is_empty() || !rng.chance(self.mix.nina / 0.6) {
            return String::new();
        }
        if rng.chance(self.mix.digit_slip * self.care) {
            digit_slip(rng, &person.nina)
        } else {
            person.nina.clone()
        }
    }

    fn parent(&self, rng: &mut Rng, parent: FullName, sex: Sex) -> String {
        let missing = if sex == Sex::Male { self.mix.no_father } else { self.mix.no_mother };
        if rng.chance(missing) {
            return String::new();
        }
        if rng.chance(self.mix.other_parent) {
            return lists::given(rng, sex).text.clone();
        }
        let mut name = self.spelled(rng, parent.given);
        if (self.by.full_father || sex == Sex::Female) && rng.percent(82) {
            name = format!("{name} {}", self.spelled(rng, parent.surname));
        }
        if rng.percent(3) {
            let late = if sex == Sex::Male { "feu" } else { "feue" };
            name = format!("{late} {name}");
        }
        name
    }
}

/// By how many years an age is told wrongly: by habit, or by chance.
fn told_apart(rng: &mut Rng, habit: i16) -> i16 {
    if rng.percent(40) {
        return habit;
    }
    let years = rng.weighted(&[(1, 42), (2, 26), (3, 14), (4, 8), (5, 7), (8, 3)]);
    if rng.percent(50) { years } else { -years }
}

fn pairs(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 2 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn pick(rng: &mut Rng, from: &[String]) -> String {
    let at = rng.below(u64::try_from(from.len()).unwrap_or(0));
    usize::try_from(at).ok().and_then(|at| from.get(at)).cloned().unwrap_or_default()
}

fn nationality(habit: usize, country: &str) -> &'static str {
    let words: &[&'static str] = match country {
        "BF" => &["Burkina Faso", "Burkinabè", "BF", "burkinabe", "BURKINA"],
        "GN" => &["Guinée", "Guinéenne", "GN", "Guinee Conakry", "GUINEE"],
        "SN" => &["Sénégal", "Sénégalaise", "SN", "Senegal", "SENEGAL"],
        "CI" => &["Côte d'Ivoire", "Ivoirienne", "CI", "RCI", "IVOIRIEN"],
        _ => &["Mali", "Malienne", "ML", "malien", "MALI"],
    };
    words.get(habit).copied().unwrap_or("Mali")
}
