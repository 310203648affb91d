//! Cases of the rules of children (D).

use super::envelopes::campaign;
use super::{Case, ERROR, INFORMATION, WARNING, alone, among, now};
use crate::rules::context::{Context, Known, Others, Person};
use crate::rules::interviews::DaySays;

const HOURS: [&str; 3] = ["hours_econ", "hours_water_wood", "hours_chores"];

pub(super) const CASES: &[Case] = &[
    alone("D01", "enfant", &[("age_years", "5")], ERROR),
    alone("D01", "enfant", &[("age_years", "18")], ERROR),
    alone("D01", "enfant", &[("age_years", "6")], None),
    alone("D01", "enfant", &[("age_years", "17")], None),
    alone("D02", "enfant", &[("dob", "2014-01-01"), ("age_years", "12")], None),
    alone("D02", "enfant", &[("dob", "2014-01-01"), ("age_years", "14")], WARNING),
    alone("D02", "enfant", &[("dob", "2008-01-01"), ("age_years", "17")], ERROR),
    alone("D02", "enfant", &[("dob", "2014-01-01"), ("age_years", "13")], None),
    alone("D03", "enfant", &[("caregiver", "employer"), ("tasks", "dig_pit")], ERROR),
    alone("D03", "enfant", &[("caregiver", "mother"), ("tasks", "dig_pit")], None),
    alone("D04", "enfant", &[("assent", "refused"), ("tasks", "dig_pit")], ERROR),
    alone("D04", "enfant", &[("caregiver_consent", "refused"), ("ever_school", "no")], ERROR),
    alone("D04", "enfant", &[("assent", "given"), ("caregiver_consent", "given")], None),
    alone("D05", "enfant", &[("age_years", "9"), ("assent", "not_sought_under_9")], ERROR),
    alone("D05", "enfant", &[("age_years", "8"), ("assent", "not_sought_under_9")], None),
    alone("D06", "enfant", &[("tasks", "home_chores"), (HOURS[0], "3")], WARNING),
    alone("D06", "enfant", &[("tasks", "sell_food"), (HOURS[0], "0")], WARNING),
    alone("D06", "enfant", &[("tasks", "sell_food home_chores"), (HOURS[0], "3")], None),
    alone("D06", "enfant", &[("tasks", "fetch_water_wood"), (HOURS[0], "0")], None),
    alone("D07", "enfant", &[(HOURS[0], "60"), (HOURS[1], "40"), (HOURS[2], "27")], ERROR),
    alone(
        "D07",
        "enfant",
        &[(HOURS[0], "60"), (HOURS[1], "40"), (HOURS[2], "26"), ("school_now", "no")],
        None,
    ),
    alone(
        "D07",
        "enfant",
        &[
            (HOURS[0], "45"),
            (HOURS[1], "20"),
            (HOURS[2], "20"),
            ("school_now", "yes"),
            ("days_missed", "0"),
        ],
        WARNING,
    ),
    alone(
        "D07",
        "enfant",
        &[
            (HOURS[0], "44"),
            (HOURS[1], "20"),
            (HOURS[2], "20"),
            ("school_now", "yes"),
            ("days_missed", "0"),
        ],
        None,
    ),
    alone(
        "D08",
        "enfant",
        &[("work_times", "school_time evening"), ("school_now", "no")],
        INFORMATION,
    ),
    alone("D08", "enfant", &[("work_times", "school_time"), ("school_now", "yes")], None),
    alone("D09", "enfant", &[("age_start", "11"), ("age_years", "10")], ERROR),
    alone("D09", "enfant", &[("age_start", "10"), ("age_years", "10")], None),
    alone("D10", "enfant", &[("grade", "g6"), ("age_years", "9")], WARNING),
    alone("D10", "enfant", &[("grade", "g6"), ("age_years", "8")], WARNING),
    alone("D10", "enfant", &[("grade", "g6"), ("age_years", "7")], ERROR),
    alone("D10", "enfant", &[("grade", "g6"), ("age_years", "11")], None),
    alone("D10", "enfant", &[("grade", "secondary"), ("age_years", "11")], None),
    alone("D11", "enfant", &[("ever_school", "no"), ("grade", "g2"), ("school_now", "")], ERROR),
    alone("D11", "enfant", &[("ever_school", "no"), ("grade", ""), ("school_now", "no")], ERROR),
    alone("D11", "enfant", &[("ever_school", "no"), ("grade", ""), ("school_now", "")], None),
    alone("D12", "enfant", &[("safe_setting", "no"), ("sex", "female")], ERROR),
    alone("D12", "enfant", &[("safe_setting", "yes"), ("sex", "female")], None),
    among("D13", "enfant", &[("referral_need", "urgent")], || waits(121), INFORMATION),
    among("D13", "enfant", &[("referral_need", "urgent")], || waits(120), None),
    among("D13", "enfant", &[("referral_need", "normal")], || waits(999), None),
    among("D14", "enfant", &[], || many(true), WARNING),
    among("D14", "enfant", &[], || many(false), None),
    among("D15", "enfant", &[("age_years", "8")], || guardian(2009, 1), WARNING),
    among("D15", "enfant", &[("age_years", "12")], || guardian(2005, 1), WARNING),
    among("D15", "enfant", &[("age_years", "11")], || guardian(2005, 1), None),
    among(
        "D16",
        "enfant",
        &[],
        || Context { same_card: Known::Found(Person::default()), ..now() },
        ERROR,
    ),
    among("D16", "enfant", &[], || Context { same_card: Known::Absent, ..now() }, None),
    among("D17", "enfant", &[], || guardian(1980, 0), INFORMATION),
    among("D17", "enfant", &[], || guardian(1980, 1), None),
    among(
        "D18",
        "enfant",
        &[("school_now", "yes"), ("today", "2026-11-16")],
        campaign,
        INFORMATION,
    ),
    among("D18", "enfant", &[("school_now", "yes"), ("today", "2026-11-17")], campaign, None),
    // The form asks for no free text of the child; the enumerator's code is a text like another.
    alone(
        "D20",
        "enfant",
        &[("given_name", "Aminata"), ("enumerator_code", "vu Aminata.")],
        INFORMATION,
    ),
    alone("D20", "enfant", &[("given_name", "Aminata"), ("enumerator_code", "AB123")], None),
];

fn waits(minutes: i64) -> Context<'static> {
    Context { others: Others { referral_waits_min: Some(minutes), ..Others::default() }, ..now() }
}

fn many(are_many: bool) -> Context<'static> {
    Context { device_day: DaySays { are_many, ..DaySays::default() }, ..now() }
}

fn guardian(birth_year: i64, children_here: i64) -> Context<'static> {
    let person = Person {
        birth_year: Some(birth_year),
        children_here: Some(children_here),
        ..Person::default()
    };
    Context { guardian: Known::Found(person), ..now() }
}
