//! Hostile sizes: crowds who share a card, a phone, a birthday or everything. What a batch costs is counted in rows
//! of the register that it fetches, not in time: it must not grow with the register.

use std::{fmt::Write as _, sync::Arc};

use sanu::{
    app::{Base, Settings},
    apply::{Applier, check_counts, check_places, derived_hash, rebuild},
    catalogue,
    intake::{Incoming, Intake, Matter, Outcome, Sender},
    keys::Realm,
    runtime::{Micros, Runtime},
    simulate::Submission,
    store::{Scope, ZoneId},
};

use super::people::card;
use crate::support::{
    places::{miners_on, site_at, visit_of, with_answer},
    xml::census,
};

/// A questionnaire of nothing but what identifies, so that thousands are read in seconds.
const QUESTIONS: [&str; 10] = [
    "card_no",
    "surname",
    "given_names",
    "sex",
    "birth_year",
    "dob",
    "phone",
    "mother_full_name",
    "birth_place",
    "enumerator_code",
];

fn form() -> String {
    let mut fields = String::new();
    let mut binds = String::new();
    for name in QUESTIONS {
        let class = if name == "enumerator_code" { "none" } else { "direct" };
        write!(fields, "<{name}/>").unwrap();
        write!(
            binds,
            "<bind nodeset=\"/data/{name}\" type=\"string\" sanu:class=\"{class}\" sanu:property=\"{name}\"/>"
        )
        .unwrap();
    }
    format!(
        "<?xml version=\"1.0\"?><h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" \
         xmlns:sanu=\"urn:sanu:form:1\" xmlns:entities=\"http://www.opendatakit.org/xforms/entities\"><h:head>\
         <h:title>Cartes</h:title><model entities:entities-version=\"2024.1.0\" sanu:dataset=\"orpailleurs\" \
         sanu:mode=\"create\" sanu:realm=\"adults\"><instance><data id=\"cartes\" version=\"1\">{fields}<meta>\
         <instanceID/><entity dataset=\"orpailleurs\" create=\"1\" id=\"\"/></meta></data></instance>{binds}\
         </model></h:head><h:body/></h:html>"
    )
}

/// What somebody says; the number makes the ids.
#[derive(Clone, Default)]
struct Person {
    card: String,
    surname: String,
    given: String,
    year: u32,
    dob: String,
    phone: String,
    mother: String,
}

impl Person {
    fn xml(&self, number: u32) -> String {
        let year = self.year.to_string();
        let answers = [
            &self.card,
            &self.surname,
            &self.given,
            "male",
            &year,
            &self.dob,
            &self.phone,
            &self.mother,
            "Kita",
            "KY001",
        ];
        let mut xml = String::from("<data id=\"cartes\" version=\"1\">");
        for (name, answer) in QUESTIONS.iter().zip(answers) {
            write!(xml, "<{name}>{answer}</{name}>").unwrap();
        }
        write!(
            xml,
            "<meta><instanceID>uuid:p-{number}</instanceID><entity dataset=\"orpailleurs\" create=\"1\" \
             id=\"00000000-0000-4000-8000-{number:012}\"/></meta></data>"
        )
        .unwrap();
        xml
    }
}

/// A submission as the door hands it on.
fn incoming(instance_id: String, deprecated_id: Option<String>, xml: String) -> Incoming {
    Incoming {
        matter: Matter::Submission,
        form_id: String::from("cartes"),
        form_version: String::from("1"),
        instance_id,
        deprecated_id,
        xml: xml.into_bytes().into(),
        files: Vec::new(),
        realm: Realm::Adults,
        sender: Sender { account_id: None, device_id: None, zone_id: ZoneId(1), scope: Scope::All },
        decoded: None,
        decoded_on: None,
        withheld: Vec::new(),
        content_hash: None,
    }
}

/// A submission of a form of the census, as the door hands it on.
fn census_incoming(submission: &Submission) -> Incoming {
    Incoming {
        form_id: submission.form_id.to_owned(),
        form_version: submission.version.to_owned(),
        ..incoming(submission.instance_id.clone(), None, submission.xml.clone())
    }
}

/// A register without a door.
struct Register {
    base: Base,
    intake: Intake,
    applier: Applier,
    said: u32,
    _folder: tempfile::TempDir,
}

impl Register {
    async fn new() -> Self {
        Self::at(1_767_225_600).await
    }

    /// Where the clock stands at this time, in seconds since 1970.
    async fn at(seconds: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::fixed(Micros(seconds * 1_000_000), 7);
        let base =
            Base::open(Settings::new(folder.path()), runtime.clone()).await.expect("a register");
        let mut tx = base.db.write().await.unwrap();
        catalogue::publish(&mut tx, form().as_bytes(), Vec::new(), runtime.now())
            .await
            .expect("a form");
        tx.commit().await.unwrap();
        let (hand_off, mut handed) = tokio::sync::mpsc::channel(64);
        // Apply reads the journal here.
        tokio::spawn(async move { while handed.recv().await.is_some() {} });
        let (intake, _task) =
            Intake::start(base.db.clone(), Arc::clone(&base.keys), runtime, hand_off);
        let applier = base.applier();
        Self { base, intake, applier, said: 0, _folder: folder }
    }

    /// Registers these in batches; gives the rows that were fetched for it.
    async fn register(&mut self, people: impl Iterator<Item = Person>) -> u64 {
        let before = self.applier.brought();
        let people: Vec<Person> = people.collect();
        for part in people.chunks(250) {
            let mut batch = Vec::new();
            for person in part {
                self.said += 1;
                let id = format!("uuid:p-{}", self.said);
                batch.push(incoming(id, None, person.xml(self.said)));
            }
            self.take(batch).await;
        }
        self.applier.brought() - before
    }

    /// One batch.
    async fn take(&self, batch: Vec<Incoming>) {
        let outcomes = self.intake.accept(batch).await.expect("it is kept");
        assert!(outcomes.iter().all(|o| matches!(o, Outcome::Accepted { .. })), "{outcomes:?}");
        self.applier.run_to_end(&mut |_| {}).await.expect("it is applied");
    }

    /// The same registration, said otherwise.
    fn edit(number: u32, person: &Person) -> Incoming {
        let (former, id) = (format!("uuid:p-{number}"), format!("uuid:p-{number}-again"));
        let named = format!("<deprecatedID>{former}</deprecatedID><instanceID>{id}</instanceID>");
        let xml = person.xml(number).replace(&format!("<instanceID>{former}</instanceID>"), &named);
        incoming(id, Some(former), xml)
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.base.db.read().await.unwrap();
        tx.query(sql).fetch_one().await.unwrap().get(0).unwrap()
    }

    /// Nobody is lost, and who is counted is in a cell.
    async fn is_whole(&self) {
        assert_eq!(self.number("SELECT COUNT(*) FROM entity").await, i64::from(self.said));
        assert_eq!(
            self.number("SELECT COUNT(*) FROM record WHERE state <> 'quarantined'").await,
            i64::from(self.said)
        );
        let counted = self.number("SELECT COUNT(*) FROM entity WHERE merged_into IS NULL").await;
        assert_eq!(
            self.number("SELECT SUM(n) FROM count_cell WHERE cube = 'place'").await,
            counted
        );
        assert_eq!(check_counts(&self.base.db).await.unwrap(), 0);
        assert_eq!(check_places(&self.base.db).await.unwrap(), 0);
        // The queue stays readable: so many questions about each, not one about every other.
        let pairs = self.number("SELECT COUNT(*) FROM match_pair").await;
        assert!(pairs <= 20 * i64::from(self.said), "{pairs} pairs of {}", self.said);
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

/// Registers so many, and asserts that the last third cost no more rows than the one before.
async fn costs_the_same_at_any_size(
    people: u32,
    most_each: u64,
    person: impl Fn(u32) -> Person,
) -> Register {
    let mut register = Register::new().await;
    let third = people / 3;
    let _warm = register.register((0..third).map(&person)).await;
    let then = register.register((third..2 * third).map(&person)).await;
    let now = register.register((2 * third..people).map(&person)).await;
    assert!(now <= then + then / 10 + 500, "{then} rows, then {now}");
    assert!(now <= most_each * u64::from(third + 2), "{now} rows for {third}");
    register.is_whole().await;
    register
}

/// Names that differ: consonants and vowels by number.
fn name(mut number: u32) -> String {
    let mut name = String::new();
    for _ in 0..4 {
        name.push(char::from(b"bdfgklmnst"[usize::try_from(number % 10).unwrap()]));
        name.push(char::from(b"aeiou"[usize::try_from(number / 10 % 5).unwrap()]));
        number = number / 7 + 3;
    }
    name
}

fn somebody(number: u32) -> Person {
    Person {
        card: card("ORP", 1_000 + number),
        surname: name(number * 31),
        given: name(number * 17 + 5),
        year: 1_960 + number % 40,
        mother: format!("{} {}", name(number * 13), name(number * 7)),
        ..Person::default()
    }
}

#[test]
fn three_thousand_with_one_card_cost_no_more_each_than_the_first_hundred() {
    run(async {
        let person = |n| Person { card: card("ORP", 1), ..somebody(n) };
        costs_the_same_at_any_size(3_000, 20, person).await;
    });
}

#[test]
fn three_thousand_registrations_of_one_person_with_one_card_are_a_matter_for_people() {
    run(async {
        let person = |_| Person {
            card: card("ORP", 1),
            surname: String::from("Traoré"),
            given: String::from("Moussa"),
            year: 1_990,
            ..Person::default()
        };
        costs_the_same_at_any_size(3_000, 20, person).await;
    });
}

#[test]
fn three_thousand_who_share_a_telephone_are_three_thousand() {
    run(async {
        let person = |n| Person { phone: String::from("70112233"), ..somebody(n) };
        let register = costs_the_same_at_any_size(3_000, 2, person).await;
        assert_eq!(register.number("SELECT COUNT(*) FROM link").await, 0);
    });
}

#[test]
fn a_village_of_five_thousand_born_on_the_first_of_january_stays_countable() {
    run(async {
        let person = |n| Person {
            surname: name(n % 5 * 31),
            given: name(n / 5 % 6 * 17),
            dob: format!("{}-01-01", 1_960 + n % 40),
            mother: String::new(),
            ..somebody(n)
        };
        costs_the_same_at_any_size(5_000, 2, person).await;
    });
}

#[test]
fn two_thousand_who_are_nearly_identical_are_for_review_and_not_merged() {
    run(async {
        let person = |n| Person {
            surname: String::from("Traoré"),
            given: String::from(if n % 2 == 0 { "Moussa" } else { "Musa" }),
            year: 1_990,
            mother: String::from("Awa Diarra"),
            ..somebody(n)
        };
        let register = costs_the_same_at_any_size(2_000, 2, person).await;
        let merged = "SELECT COUNT(*) FROM entity WHERE merged_into IS NOT NULL";
        assert_eq!(register.number(merged).await, 0);
        assert!(register.number("SELECT COUNT(*) FROM match_pair").await > 0);
    });
}

#[test]
fn a_crowd_that_loses_some_of_its_members_is_the_same_in_any_batches() {
    run(async {
        let same = Person {
            card: card("ORP", 1),
            surname: String::from("Traoré"),
            given: String::from("Moussa"),
            year: 1_990,
            ..Person::default()
        };
        let other = |number| Person { card: card("ORP", 100 + number), ..same.clone() };
        let mut register = Register::new().await;
        for _ in 0..19 {
            register.register(std::iter::once(same.clone())).await;
        }
        // Three leave and one comes at once, and then two more one by one: sixteen, then seventeen again.
        register.said += 1;
        let comes = incoming(format!("uuid:p-{}", register.said), None, same.xml(register.said));
        let mut leave: Vec<_> = (17..=19).map(|n| Register::edit(n, &other(n))).collect();
        leave.insert(1, comes);
        register.take(leave).await;
        for number in [16, 15] {
            register.take(vec![Register::edit(number, &other(number))]).await;
        }
        register.register(std::iter::repeat_n(same.clone(), 2)).await;
        register.is_whole().await;
        assert!(register.number("SELECT COUNT(*) FROM link").await > 0);

        let live = derived_hash(&register.base.db).await.unwrap();
        let again = register.base.applier();
        rebuild(&register.base.db, again, &register.base.runtime, &mut |_| {}).await.unwrap();
        assert_eq!(derived_hash(&register.base.db).await.unwrap(), live);
    });
}

/// A permutation of `0..n`, the same every time.
fn shuffled(n: usize) -> Vec<usize> {
    let mut dice = 7_u64;
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(dice >> 33).unwrap() % (last + 1);
        order.swap(last, at);
    }
    order
}

/// The day after the census.
const AFTER: i64 = 1_795_305_600;

/// A register with the forms of the project and one site.
async fn with_a_site() -> Register {
    let register = Register::at(AFTER).await;
    let mut tx = register.base.db.write().await.unwrap();
    for form in sanu_schemas::forms() {
        let now = register.base.runtime.now();
        catalogue::publish(&mut tx, form.xml, Vec::new(), now).await.expect("a form");
    }
    tx.commit().await.unwrap();
    let mut place = site_at(1, 12.5, -9.25);
    place.xml = with_answer(&place.xml, "chemicals", "none");
    register.take(of_census(&[place])).await;
    register
}

fn of_census(all: &[Submission]) -> Vec<Incoming> {
    all.iter().map(census_incoming).collect()
}

/// Visits of it: the first saw this version of it, each other one the next.
fn visits_from(version: usize) -> Vec<Submission> {
    let visits = census(5, 900).into_iter().filter(|s| s.form_id == "visite_site");
    visits.enumerate().map(|(before, s)| visit_of(&s, 1, version + before)).collect()
}

#[test]
fn whoever_works_on_a_site_opens_nothing_that_waits_for_it() {
    run(async {
        let register = with_a_site().await;
        let miners = miners_on(1, 3, 60);
        let mut waits = visits_from(2);
        let missing = visit_of(&waits.pop().unwrap(), 1, 1);
        register.take(of_census(&waits)).await;
        assert_eq!(
            register.number("SELECT COUNT(*) FROM held").await,
            i64::try_from(waits.len()).unwrap()
        );
        let before = register.applier.read_again();

        for some in miners.chunks(20) {
            register.take(of_census(some)).await;
        }

        assert_eq!(register.applier.read_again() - before, 0);
        // What they wait for comes: all are applied.
        register.take(of_census(&[missing])).await;
        assert_eq!(register.number("SELECT COUNT(*) FROM held").await, 0);
        let live = derived_hash(&register.base.db).await.unwrap();
        let again = register.base.applier();
        rebuild(&register.base.db, again, &register.base.runtime, &mut |_| {}).await.unwrap();
        assert_eq!(derived_hash(&register.base.db).await.unwrap(), live);
    });
}

#[test]
fn a_visit_of_a_site_opens_nothing_that_was_said_by_those_met_on_it() {
    run(async {
        let register = with_a_site().await;
        let visits = visits_from(1);
        let miners = miners_on(1, 3, 240);
        assert!(visits.len() > 10, "{} visits", visits.len());
        register.take(of_census(&miners[..200])).await;
        let before = register.applier.read_again();

        // Alone, among others of a batch, and each with another state of the site.
        for visit in &visits[..5] {
            register.take(of_census(std::slice::from_ref(visit))).await;
        }
        let mut batch = of_census(&visits[5..]);
        batch.extend(of_census(&miners[200..]));
        register.take(batch).await;

        assert_eq!(register.applier.read_again() - before, 0);
        assert!(register.number("SELECT version FROM entity WHERE dataset = 'sites'").await > 10);
        let live = derived_hash(&register.base.db).await.unwrap();
        let again = register.base.applier();
        rebuild(&register.base.db, again, &register.base.runtime, &mut |_| {}).await.unwrap();
        assert_eq!(derived_hash(&register.base.db).await.unwrap(), live);
    });
}

#[test]
fn many_versions_of_one_registration_in_any_order_are_each_read_a_few_times() {
    const VERSIONS: usize = 150;
    run(async {
        let mut register = Register::new().await;
        register.said = 1;
        let id = |version: usize| format!("uuid:p-1-{version}");
        let order = shuffled(VERSIONS);
        let mut read = Vec::new();
        for third in order.chunks(VERSIONS / 3) {
            let before = register.applier.read_again();
            for version in third {
                let person =
                    Person { surname: name(u32::try_from(*version).unwrap()), ..somebody(1) };
                let mut xml = person.xml(1).replace("uuid:p-1<", &format!("{}<", id(*version)));
                let former = version.checked_sub(1).map(id);
                if let Some(former) = &former {
                    let named = format!("<meta><deprecatedID>{former}</deprecatedID>");
                    xml = xml.replace("<meta>", &named);
                }
                register.take(vec![incoming(id(*version), former, xml)]).await;
            }
            read.push(register.applier.read_again() - before);
        }

        // Each joins versions that came before; in all these joins none is opened more than a few times.
        let most = u64::try_from(VERSIONS / 3 * 12).unwrap();
        assert!(read.iter().all(|n| *n <= most), "{read:?} events opened again, more than {most}");
        assert_eq!(register.number("SELECT COUNT(*) FROM record").await, 1);
        register.is_whole().await;
        let live = derived_hash(&register.base.db).await.unwrap();
        let again = register.base.applier();
        rebuild(&register.base.db, again, &register.base.runtime, &mut |_| {}).await.unwrap();
        assert_eq!(derived_hash(&register.base.db).await.unwrap(), live);
    });
}
