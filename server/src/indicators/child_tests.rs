//! Child labour against the published vectors, and where law and statistics part.

use super::*;

fn status(week: &ChildWeek<'_>) -> ChildLabour {
    child_labour(week, &ChildLabourRules::default(), &NationalRules::default())
}

#[test]
fn statuses_are_those_of_the_published_vectors() {
    let vectors = include_str!("../../../schemas/vectors/child_labour.csv");
    let mut seen = 0;
    for line in vectors.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let tasks: Vec<&str> = cells[1].split_whitespace().collect();
        let week = ChildWeek {
            age: cells[0].parse().ok(),
            tasks: &tasks,
            hours_econ: cells[2].parse().ok(),
            hours_water_wood: cells[3].parse().ok(),
            hours_chores: cells[4].parse().ok(),
            heavy_loads: cells[5] == "yes",
            night: cells[6] == "yes",
            site_closed: false,
        };

        let child = status(&week);

        assert_eq!(child.ilo.code(), cells[7], "{line}");
        let boundary = match cells[8] {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        assert_eq!(child.general_boundary, boundary, "{line}");
        seen += 1;
    }
    assert_eq!(seen, 24);
}

#[test]
fn every_status_is_in_the_code_list_and_weighs_as_it_says() {
    use Status::{ChildLabourOther, Hazardous, NotWorking, Permitted, Undetermined};
    for status in [NotWorking, Permitted, ChildLabourOther, Hazardous, Undetermined] {
        let listed = attribute("cl_status", status.code(), "is_child_labour");
        let expected = status.is_child_labour().map(|yes| if yes { "1" } else { "0" });
        assert_eq!(listed, expected, "{}", status.code());
    }
}

#[test]
fn law_and_statistics_are_computed_side_by_side() {
    let national = |age, task: &str, hours| {
        let tasks = [task];
        let week = ChildWeek {
            age: Some(age),
            tasks: &tasks,
            hours_econ: Some(hours),
            ..ChildWeek::default()
        };
        let child = status(&week);
        (child.ilo.code(), child.national.code())
    };

    assert_eq!(national(17, "dig_pit", 5), ("hazardous", "hazardous"));
    assert_eq!(national(13, "wash_pan", 5), ("hazardous", "undetermined"));
    assert_eq!(national(13, "wash_pan", 14), ("hazardous", "hazardous"));
    assert_eq!(national(13, "dig_pit", 5), ("hazardous", "hazardous"));
    assert_eq!(national(12, "wash_pan", 5), ("hazardous", "hazardous"));
    assert_eq!(national(14, "sell_food", 10), ("permitted", "undetermined"));
    assert_eq!(national(12, "sell_food", 10), ("permitted", "child_labour_other"));
    assert_eq!(national(15, "sell_food", 42), ("permitted", "permitted"));
    assert_eq!(national(8, "none", 0), ("not_working", "not_working"));
}

#[test]
fn the_hours_that_separate_are_parameters() {
    let week = |hours| ChildWeek {
        age: Some(16),
        tasks: &["sell_food"],
        hours_econ: Some(hours),
        ..ChildWeek::default()
    };
    let strict = ChildLabourRules { version: 2, long_hours: 40, ..ChildLabourRules::default() };

    let child = child_labour(&week(40), &strict, &NationalRules::default());

    assert_eq!((child.ilo, child.ilo_version), (Status::Hazardous, 2));
    assert_eq!(status(&week(40)).ilo, Status::Permitted);
}

#[test]
fn weeks_of_a_closed_site_and_undetermined_ones_are_in_no_rate() {
    let child = |tasks: &[&str], age, site_closed| {
        status(&ChildWeek { age: Some(age), tasks, site_closed, ..ChildWeek::default() })
    };
    let children = [
        child(&["dig_pit"], 15, false),
        child(&["sell_food"], 9, false),
        child(&["sell_food"], 13, false),
        child(&["none"], 9, false),
        child(&["dig_pit"], 15, true),
    ];

    let rate = child_labour_rate(&children);
    assert_eq!((rate.numerator, rate.denominator, rate.unknown), (2, 3, 1));
    let share = hazardous_share(&children);
    assert_eq!((share.numerator, share.denominator, share.unknown), (1, 2, 1));
    assert_eq!(general_boundary_rate(&children).denominator, 3);
}

#[test]
fn hazards_are_named_by_kind() {
    let week = ChildWeek {
        tasks: &["dig_pit", "crush_ore", "sell_food"],
        night: true,
        hours_econ: Some(43),
        ..ChildWeek::default()
    };

    let kinds = hazard_kinds(&week, &ChildLabourRules::default());

    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["dust", "long_hours", "night", "underground"]
    );
}

#[test]
fn an_hour_of_chores_is_household_service() {
    assert!(ChildWeek { hours_chores: Some(1), ..ChildWeek::default() }.is_in_household_services());
    assert!(
        !ChildWeek { hours_chores: Some(0), ..ChildWeek::default() }.is_in_household_services()
    );
}
