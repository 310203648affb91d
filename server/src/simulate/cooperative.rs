//! Fills « Registre des coopératives, unions et fédérations ».

use super::document::{Document, Form};
use super::miner::contact_name;
use super::sites::Site;
use super::survey::{Filled, Interview, Survey};

const NAMES: &[&str] = &[
    "Sabougnouma",
    "Benkadi",
    "Djiguiya",
    "Nièta",
    "Jèkafo",
    "Sigida",
    "Danaya",
    "Kafo",
    "Badenya",
    "Hèrè",
    "Faso Kanu",
    "Sanuya",
    "Yiriwaton",
];

/// Fills the form about the cooperative registered at this position.
pub(super) fn fill(survey: &Survey, position: u64) -> Filled {
    let cooperative = survey.cooperative(position);
    let mut interview = survey.interview(position);
    let area = interview.area;
    let (home, ids) = home_and_sites(area.sites_of(cooperative));
    if let Some(home) = home {
        interview = interview.at_site(home);
    }
    let name =
        format!("Coopérative {} de {}", interview.rng.pick(NAMES), interview.site.seat.commune);
    let members = interview.rng.between(25, 260);
    let women = members * interview.rng.between(5, 60) / 100;
    let mut document = interview.open(Form::Cooperative, (30, 45));
    identification(&mut document, &mut interview, &name, &ids);
    statute(&mut document, &mut interview, members == women);
    membership(&mut document, &mut interview, members, women);
    governance(&mut document, &mut interview, members);
    document.group("e", |group| {
        let rng = &mut interview.rng;
        group.put("contact_name", contact_name(rng));
        group.put("contact_phone", format!("7{}", rng.digits(7)));
        group.put("contact_consent", rng.weighted(&[("yes", 75), ("no", 25)]));
    });
    interview.entity = area.cooperative_id(cooperative);
    interview.close(document, &name, |meta, id| meta.new_entity("cooperatives", id, Some(&name)))
}

fn home_and_sites<'a>(sites: impl Iterator<Item = (u64, &'a Site)>) -> (Option<u64>, String) {
    let mut home = None;
    let mut ids = Vec::new();
    for (index, site) in sites {
        home = home.or(Some(index));
        ids.push(site.id.to_string());
    }
    (home, ids.join(" "))
}

fn identification(document: &mut Document, interview: &mut Interview<'_>, name: &str, sites: &str) {
    let gps = interview.gps(2_000, 15);
    let site = interview.site;
    document.group("a", |group| {
        group.put("enumerator_code", &interview.slot.code);
        group.blank("known_id");
        group.put("coop_name", name);
        group.blank("acronym");
        group.put("level", "base");
        group.blank("parent_id");
        group.put("mining_district", &site.district);
        group.put("cercle", &site.cercle);
        group.put("cercle_old", &site.cercle_old);
        group.put("commune", &site.commune);
        group.put("seat_place", &site.seat.commune);
        group.put("gps", gps);
        group.put("site_ids", sites);
    });
}

fn statute(document: &mut Document, interview: &mut Interview<'_>, women_only: bool) {
    let rng = &mut interview.rng;
    let year = i32::from(interview.slot.day.year()) - rng.between(3, 18);
    document.group("b", |group| {
        group.put("coop_type", rng.weighted(&[("scoops", 80), ("coop_ca", 10), ("unknown", 10)]));
        let legal = rng.weighted(&[
            ("registered_ohada", 50),
            ("informal", 25),
            ("in_process", 15),
            ("registered_old", 10),
        ]);
        group.put("legal", legal);
        if legal == "registered_ohada" {
            group.put("reg_no", format!("ML/{}/{}", year + 1, rng.digits(4)));
            group.put("reg_date", format!("{}-{:02}-10", year + 1, rng.between(1, 12)));
        } else {
            group.blank("reg_no");
            group.blank("reg_date");
        }
        group.put("creation_date", format!("{year}-{:02}-01", rng.between(1, 12)));
        group.put("composition", if women_only { "women_only" } else { "mixed" });
        group.put(
            "activities",
            rng.several(&["gold_mining", "processing", "marketing", "agr"], 1, 3),
        );
    });
}

fn membership(document: &mut Document, interview: &mut Interview<'_>, members: i32, women: i32) {
    let rng = &mut interview.rng;
    document.group("c", |group| {
        group.put("members_total", members);
        group.put("members_women", women);
        group.put("members_youth", members * rng.between(20, 60) / 100);
        group.put("members_foreign", members * rng.between(0, 8) / 100);
        group.put("dues_fcfa", rng.pick(&[1_000, 2_500, 5_000, 10_000]));
        group.put("dues_paid_share", rng.between(4, 18) * 5);
        group.put("dues_confed", rng.weighted(&[("yes", 40), ("no", 50), ("dont_know", 10)]));
    });
}

fn governance(document: &mut Document, interview: &mut Interview<'_>, members: i32) {
    let last_year = i32::from(interview.slot.day.year()) - 1;
    let rng = &mut interview.rng;
    let yes_no = [("yes", 35), ("no", 65)];
    document.group("d", |group| {
        group.put(
            "board_date",
            format!("{}-{:02}-10", last_year - rng.between(0, 2), rng.between(1, 12)),
        );
        group.put("board_term_years", rng.between(2, 5));
        group.put("board_women", rng.between(0, 4));
        group.put("last_ga", format!("{last_year}-{:02}-14", rng.between(1, 12)));
        group.put("meetings_12m", rng.between(0, 12));
        group.put("tools_admin", rng.weighted(&yes_no));
        group.put("tools_control", rng.weighted(&yes_no));
        let trainings = rng.several(&["think_coop", "start_coop", "admin_mgmt", "sst"], 1, 2);
        group.put("trainings", if rng.percent(45) { "none" } else { &trainings });
        group.put("business_plan", rng.weighted(&[("no", 88), ("yes", 12)]));
        group.put("bank_account", rng.weighted(&yes_no));
        group.put("kits", rng.several(&["helmet", "gloves", "boots"], 0, 2));
        group.put("agr", rng.weighted(&[("no", 85), ("yes", 15)]));
        group.put("sp_members", members * rng.between(0, 30) / 100);
    });
}
