//! Who there is to register: the people of one home who went to the sites, drawn anew from its number whenever needed.

use jiff::civil::{Date, date};

use super::{
    super::{
        people::Sex,
        rng::{Rng, Stream},
    },
    land::Land,
    lists::{self, Name, People},
    mix::Mix,
    plan::Tag,
};

/// What is known of a birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// The day, from a document.
    Day,
    /// The year.
    Year,
    /// An age, roughly.
    About,
}

/// A name with that of the family.
#[derive(Clone, Copy, Debug)]
pub(super) struct FullName {
    pub(super) given: &'static Name,
    pub(super) surname: &'static Name,
}

/// Somebody who goes to the sites.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) sex: Sex,
    pub(super) birth: Date,
    pub(super) known: Known,
    /// By how many years the age is told wrongly by habit.
    pub(super) habit: i16,
    pub(super) name: FullName,
    pub(super) second: Option<&'static Name>,
    pub(super) nickname: Option<&'static Name>,
    pub(super) husband: Option<&'static Name>,
    pub(super) father: FullName,
    pub(super) mother: FullName,
    pub(super) origin: usize,
    pub(super) village: u64,
    pub(super) phones: [Option<u32>; 2],
    pub(super) family_phone: u32,
    pub(super) nina: String,
    pub(super) site: usize,
    pub(super) tag: Tag,
}

/// The season in which people are registered begins on this day.
pub(super) const SEASON: Date = date(2026, 1, 5);

/// What the members of one home share.
struct Home {
    people: People,
    origin: usize,
    village: u64,
    site: usize,
    head: FullName,
    wives: Vec<FullName>,
    grandfather: FullName,
    phone: u32,
    /// Year about which the head was born.
    head_year: i16,
}

/// The people of one home who are ever registered.
pub(super) fn members(seed: u64, number: u32, land: &Land, mix: &Mix) -> Vec<Person> {
    let mut rng = Rng::of(seed, Stream::Homes, u64::from(number));
    let rng = &mut rng;
    let home = Home::draw(rng, land);
    let mut members: Vec<Person> = Vec::with_capacity(6);
    if rng.percent(18) {
        members.push(home.head_itself(rng, land));
    }
    let children = rng.weighted(&[(0, 12), (1, 46), (2, 24), (3, 11), (4, 5), (5, 2)]);
    for _ in 0..children {
        let child = home.child(rng, land);
        if members.iter().all(|other| other.name.given.text != child.name.given.text) {
            members.push(child);
        }
    }
    if rng.percent(9) {
        members.push(home.wife(rng, land));
    }
    if members.is_empty() {
        members.push(home.child(rng, land));
    }
    home.plant(rng, land, mix, &mut members);
    members
}

impl Home {
    fn draw(rng: &mut Rng, land: &Land) -> Self {
        let origin = land.origin(rng);
        let people = rng.weighted(land.origin_at(origin).peoples);
        let surname = lists::surname(rng, people);
        let wives = rng.weighted(&[(1, 62), (2, 28), (3, 8), (4, 2)]);
        Self {
            people,
            origin,
            village: Land::village(rng),
            site: land.site(rng, None),
            head: FullName { given: lists::given(rng, Sex::Male), surname },
            wives: (0..wives).map(|_| bride(rng, people)).collect(),
            grandfather: FullName { given: lists::given(rng, Sex::Male), surname },
            phone: phone(rng),
            head_year: i16::try_from(rng.between(1945, 1982)).unwrap_or(1965),
        }
    }

    fn child(&self, rng: &mut Rng, land: &Land) -> Person {
        let sex = if rng.percent(74) { Sex::Male } else { Sex::Female };
        let after = rng.between(18, 38).min(2010 - i32::from(self.head_year));
        let year = self.head_year + i16::try_from(after).unwrap_or(25);
        let given = lists::given(rng, sex);
        let mother = rng.below(u64::try_from(self.wives.len()).unwrap_or(1));
        self.person(rng, land, sex, year, given, usize::try_from(mother).unwrap_or(0))
    }

    /// Somebody of this home with the head as father and one of the wives as mother.
    fn person(
        &self,
        rng: &mut Rng,
        land: &Land,
        sex: Sex,
        year: i16,
        given: &'static Name,
        mother: usize,
    ) -> Person {
        let birth = day_of(rng, year);
        let married = sex == Sex::Female && rng.percent(38);
        let second = (rng.percent(10)).then(|| lists::given(rng, sex)).filter(|n| *n != given);
        let site = if rng.percent(70) {
            self.site
        } else {
            land.site(rng, Some(land.site_at(self.site).region))
        };
        Person {
            sex,
            birth,
            known: rng.weighted(&[(Known::Day, 34), (Known::Year, 41), (Known::About, 25)]),
            habit: i16::try_from(rng.between(-4, 4)).unwrap_or(0),
            name: FullName { given, surname: self.head.surname },
            second,
            nickname: rng.percent(15).then(|| lists::nickname(rng)),
            husband: married.then(|| lists::surname(rng, self.people)),
            father: self.head,
            mother: *self.wives.get(mother).or(self.wives.first()).expect("a home has a wife"),
            origin: self.origin,
            village: self.village,
            phones: phones(rng),
            family_phone: self.phone,
            nina: nina(rng, land, self.origin, sex, birth),
            site,
            tag: Tag::Plain,
        }
    }

    fn head_itself(&self, rng: &mut Rng, land: &Land) -> Person {
        let grandmother = bride(rng, self.people);
        let mut head = self.person(rng, land, Sex::Male, self.head_year, self.head.given, 0);
        head.father = self.grandfather;
        head.mother = grandmother;
        head
    }

    fn wife(&self, rng: &mut Rng, land: &Land) -> Person {
        let year = self.head_year + i16::try_from(rng.between(3, 20)).unwrap_or(8);
        let own = *self.wives.first().expect("a home has a wife");
        let mut wife = self.person(rng, land, Sex::Female, year, own.given, 0);
        wife.name.surname = own.surname;
        wife.husband = Some(self.head.surname);
        wife.father = FullName { given: lists::given(rng, Sex::Male), surname: own.surname };
        wife.mother = bride(rng, self.people);
        wife
    }

    /// Adds those who are hard to tell from the last one there.
    fn plant(&self, rng: &mut Rng, land: &Land, mix: &Mix, members: &mut Vec<Person>) {
        let last = members.len().saturating_sub(1);
        let Some(like) = members.get_mut(last) else { return };
        let mut planted = Vec::new();
        if rng.chance(mix.twins) {
            planted.push(self.twin(rng, land, like));
        }
        if rng.chance(mix.homonyms) {
            planted.push(self.homonym(rng, land, like));
        }
        if rng.chance(mix.half_siblings) {
            planted.push(self.half_sibling(rng, land, like));
        }
        if let (Tag::Plain, Some(first)) = (like.tag, planted.first()) {
            like.tag = first.tag;
        }
        members.append(&mut planted);
        if rng.chance(mix.namesakes) {
            members.extend(self.uncle_and_nephew(rng, land));
        }
    }

    /// A twin of `first`, whose own name becomes the first of the pair.
    fn twin(&self, rng: &mut Rng, land: &Land, first: &mut Person) -> Person {
        let sex = if rng.percent(60) { first.sex } else { other(first.sex) };
        let (one, two) = lists::twins(rng, first.sex, sex);
        first.name.given = one;
        first.second = None;
        let mut twin = self.person(rng, land, sex, first.birth.year(), two, 0);
        twin.name.surname = first.name.surname;
        Person {
            birth: first.birth,
            known: first.known,
            habit: first.habit,
            father: first.father,
            mother: first.mother,
            tag: Tag::Twin,
            ..twin
        }
    }

    /// Somebody of another home with the names, sex and year of birth of `like`.
    fn homonym(&self, rng: &mut Rng, land: &Land, like: &Person) -> Person {
        let mut homonym = self.person(rng, land, like.sex, like.birth.year(), like.name.given, 0);
        let surname = like.name.surname;
        homonym.name.surname = surname;
        homonym.father = FullName { given: lists::given(rng, Sex::Male), surname };
        homonym.mother = bride(rng, self.people);
        homonym.family_phone = phone(rng);
        homonym.tag = Tag::Homonym;
        homonym
    }

    /// A child of the same father and another mother, named after the same grandparent.
    fn half_sibling(&self, rng: &mut Rng, land: &Land, like: &Person) -> Person {
        let year = like.birth.year() + i16::try_from(rng.between(-4, 4)).unwrap_or(1);
        let mut half = self.person(rng, land, like.sex, year, like.name.given, 0);
        half.name.surname = like.name.surname;
        half.father = like.father;
        half.mother = bride(rng, self.people);
        half.tag = Tag::HalfSibling;
        half
    }

    /// Two men who were both named after the head's father.
    fn uncle_and_nephew(&self, rng: &mut Rng, land: &Land) -> [Person; 2] {
        let given = self.grandfather.given;
        let mut uncle = self.person(rng, land, Sex::Male, self.head_year + 6, given, 0);
        uncle.father = self.grandfather;
        uncle.mother = bride(rng, self.people);
        uncle.tag = Tag::Namesake;
        let year = (self.head_year + 24).min(2009);
        let mut nephew = self.person(rng, land, Sex::Male, year, given, 0);
        nephew.tag = Tag::Namesake;
        [uncle, nephew]
    }
}

const fn other(sex: Sex) -> Sex {
    match sex {
        Sex::Male => Sex::Female,
        Sex::Female => Sex::Male,
    }
}

fn bride(rng: &mut Rng, people: People) -> FullName {
    // Most marry within their people.
    let people = if rng.percent(80) { people } else { People::Mande };
    FullName { given: lists::given(rng, Sex::Female), surname: lists::surname(rng, people) }
}

fn day_of(rng: &mut Rng, year: i16) -> Date {
    let month = i8::try_from(rng.between(1, 12)).unwrap_or(1);
    let day = i8::try_from(rng.between(1, 28)).unwrap_or(1);
    Date::new(year, month, day).expect("days up to the 28th exist in every month")
}

/// A Malian number of eight digits.
fn phone(rng: &mut Rng) -> u32 {
    let first = rng.weighted(&[(7, 52), (6, 28), (9, 12), (8, 5), (5, 3)]);
    let rest = u32::try_from(rng.below(10_000_000)).unwrap_or(0);
    first * 10_000_000 + rest
}

fn phones(rng: &mut Rng) -> [Option<u32>; 2] {
    match rng.below(100) {
        0..18 => [None, None],
        18..74 => [Some(phone(rng)), None],
        _ => [Some(phone(rng)), Some(phone(rng))],
    }
}

/// Fourteen digits and a letter, for those who have one.
fn nina(rng: &mut Rng, land: &Land, origin: usize, sex: Sex, birth: Date) -> String {
    if land.origin_at(origin).country != "ML" || rng.percent(30) {
        return String::new();
    }
    let sex = if sex == Sex::Male { 1 } else { 2 };
    let year = birth.year().rem_euclid(100);
    let letters = ["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R"];
    format!("{sex}{year:02}{}{}{}", 1 + rng.below(9), rng.digits(10), rng.pick(&letters))
}
