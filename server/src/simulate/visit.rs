//! Fills « Visite et suivi d'un site ».

use super::document::{Document, Form};
use super::survey::{Filled, Interview};

/// Fills a visit to the site of the interview, of which the phone knew this version.
pub(super) fn fill(mut interview: Interview<'_>, base_version: u32) -> Filled {
    let site_id = interview.site.id;
    let mut document = interview.open(Form::VisiteSite, (12, 25));
    document.group("a", |group| visit(group, &mut interview));
    document.group("b", |group| workforce(group, &mut interview));
    document.group("c", |group| risks(group, &mut interview));
    document.group("d", |group| rights(group, &mut interview));
    let name = format!("Visite {}", interview.slot.day);
    interview.close(document, &name, |meta, _| meta.changed_entity("sites", site_id, base_version))
}

fn visit(group: &mut Document, interview: &mut Interview<'_>) {
    let gps = interview.gps(300, 15);
    let rng = &mut interview.rng;
    group.put("enumerator_code", &interview.slot.code);
    group.put("site_id", interview.site.id);
    group.put(
        "visit_type",
        rng.weighted(&[("routine", 80), ("verification", 10), ("awareness", 10)]),
    );
    group.put("gps", gps);
    group.put("visit_date", interview.slot.day);
    group.put("site_status", interview.site.status);
    let changes = if interview.site.is_active() {
        rng.weighted(&[("none", 45), ("workers_up", 30), ("workers_down", 20), ("mechanised", 5)])
    } else {
        "none"
    };
    group.put("changes", changes);
}

fn workforce(group: &mut Document, interview: &mut Interview<'_>) {
    let (rng, site) = (&mut interview.rng, interview.site);
    let share = rng.between(70, 130);
    group.put("workers_total", site.workers * share / 100);
    group.put("workers_women", site.women * share / 100);
    group.put(
        "est_method",
        rng.weighted(&[
            ("count_pits", 40),
            ("count_sample", 30),
            ("informants", 20),
            ("visual", 10),
        ]),
    );
    let children = [("b1_9", 50), ("none", 25), ("b10_49", 20), ("not_observed", 5)];
    group.put("children_working", if site.workers == 0 { "none" } else { rng.weighted(&children) });
    group.put("children_school", rng.weighted(&[("no", 65), ("yes", 30), ("dont_know", 5)]));
}

fn risks(group: &mut Document, interview: &mut Interview<'_>) {
    let rng = &mut interview.rng;
    group.put("deaths_30d", rng.weighted(&[(0, 94), (1, 5), (2, 1)]));
    group.put("injuries_30d", rng.between(0, 4));
    group.put("hazards", rng.several(&["collapse", "deep_unsecured_pits", "dust", "noise"], 1, 3));
    group.put("chemicals", rng.weighted(&[("none", 55), ("mercury", 40), ("mercury borax", 5)]));
    group.put("clean_unit", rng.weighted(&[("no", 95), ("yes", 5)]));
    group.put("rehab", rng.weighted(&[("none", 90), ("pits_filled", 10)]));
}

fn rights(group: &mut Document, interview: &mut Interview<'_>) {
    let cooperative = interview.area.cooperative_of(interview.site_index);
    let rng = &mut interview.rng;
    group.put(
        "legal_status",
        rng.weighted(&[("customary_only", 60), ("in_process", 20), ("unknown", 20)]),
    );
    group.blank("licence_no");
    group.blank("licence_expires");
    match cooperative {
        Some(id) => group.put("coop_ids", id),
        None => group.blank("coop_ids"),
    }
    group.put("childcare", rng.weighted(&[("no", 95), ("yes", 5)]));
    group.put("rescue", rng.weighted(&[("tomboloma", 60), ("none", 30), ("berets_rouges", 10)]));
    group.put("gold_price", rng.between(76, 124) * 500);
    group.put("awareness", rng.several(&["sst", "chemicals", "child_labour"], 0, 2));
    group.blank("photo");
    group.put("referral_sent", rng.weighted(&[("no", 97), ("yes", 3)]));
}
