//! Fills « Recensement des sites d'orpaillage ».

use super::document::{Document, Form, point};
use super::rng::Rng;
use super::sites::{Site, cercle_name};
use super::survey::{Filled, Interview};

const MONTHS: &[&str] =
    &["m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m10", "m11", "m12"];

/// Fills the form about the site of the interview.
pub(super) fn fill(mut interview: Interview<'_>) -> Filled {
    let site = interview.site;
    let mut document = interview.open(Form::Site, (35, 55));
    let agreed = interview.rng.percent(98);
    identification(&mut document, &mut interview);
    document.group("b_informants", |group| {
        let roles = ["dugutigi", "damantigi", "tomboloma", "coop_leader", "pit_owner", "miner"];
        group.put("informant_roles", interview.rng.several(&roles, 1, 3));
        group.put("consent_site", if agreed { "given" } else { "refused" });
        group.put("site_status", site.status);
    });
    if agreed {
        status(&mut document, &mut interview);
        technique(&mut document, &mut interview.rng, site);
        people(&mut document, &mut interview.rng, site);
        services(&mut document, &mut interview.rng);
        document.group("g_security", |group| {
            group.put(
                "security",
                interview.rng.weighted(&[("none", 45), ("theft", 25), ("fights", 12), ("", 18)]),
            );
            group.put(
                "armed",
                interview.rng.weighted(&[("none", 70), ("hunters_selfdefence", 12), ("", 18)]),
            );
        });
    }
    document.group("z_end", |end| end.blank("photo"));
    interview.entity = site.id;
    interview.close(document, &site.name, |meta, id| {
        meta.new_entity("sites", id, Some(&site.name));
        meta.blank("audit");
    })
}

fn identification(document: &mut Document, interview: &mut Interview<'_>) {
    let site = interview.site;
    let altitude = f64::from(interview.rng.between(2_400, 4_600)) / 10.0;
    let accuracy = f64::from(interview.rng.between(30, 90)) / 10.0;
    document.group("a_id", |group| {
        group.put("enumerator_code", &interview.slot.code);
        group.blank("near_known");
        group.put("site_name", &site.name);
        group.put("site_aliases", &site.alias);
        group.put("gps", point(site.lat, site.lon, altitude, accuracy));
        group.put("outline", outline(&mut interview.rng, site));
        group.put("cercle", &site.cercle);
        group.put("cercle_old", &site.cercle_old);
        group.put("commune", &site.commune);
        group.put("mining_district", &site.district);
        group.put("village", village(&mut interview.rng, site));
        let access = [
            ("laterite", 35),
            ("seasonal_track", 35),
            ("motorcycle", 22),
            ("paved", 5),
            ("boat", 3),
        ];
        group.put("access_mode", interview.rng.weighted(&access));
    });
}

/// Walked around by one team in five; four corners, the first again at the end.
fn outline(rng: &mut Rng, site: &Site) -> String {
    if !rng.percent(20) {
        return String::new();
    }
    let (north, east) = (f64::from(rng.between(8, 40)) / 1e4, f64::from(rng.between(8, 40)) / 1e4);
    let corners = [(-north, -east), (-north, east), (north, east), (north, -east), (-north, -east)];
    let points = corners.map(|(lat, lon)| point(site.lat + lat, site.lon + lon, 0.0, 0.0));
    points.join("; ")
}

fn village(rng: &mut Rng, site: &Site) -> String {
    if rng.percent(60) { site.seat.commune.clone() } else { cercle_name(&site.cercle) }
}

fn status(document: &mut Document, interview: &mut Interview<'_>) {
    let (rng, site) = (&mut interview.rng, interview.site);
    let this_year = i32::from(interview.slot.day.year());
    let legal = rng.weighted(&[
        ("customary_only", 42),
        ("corridor", 26),
        ("artisanal_licence", 10),
        ("on_research_permit", 10),
        ("in_process", 7),
        ("unknown", 5),
    ]);
    document.group("c_status", |group| {
        group.put("start_year", rng.between(1985, this_year - 2));
        group.put("months_active", months(site.is_active(), interview.slot.day.month()));
        group.put("legal_status", legal);
        if !matches!(legal, "customary_only" | "unknown") {
            let holders =
                [("community", 45), ("coop", 30), ("individual_malian", 15), ("company", 10)];
            group.put("licence_holder", rng.weighted(&holders));
            if matches!(legal, "corridor" | "artisanal_licence") {
                let year = this_year - rng.between(1, 6);
                group.put("licence_no", format!("CM-{year}-{}", rng.digits(4)));
                group.put("licence_issued", format!("{year}-{:02}-15", rng.between(1, 9)));
                group.put("licence_expires", format!("{}-09-14", year + 3));
            } else {
                group.blank("licence_no");
            }
        }
        let authorities = ["dugutigi", "damantigi", "tomboloma", "coop", "hunters"];
        group.put("authorities", rng.several(&authorities, 1, 3));
        let present = rng.weighted(&[("yes", 60), ("no", 32), ("dont_know", 8)]);
        group.put("coop_present", present);
        if present == "yes" {
            // Cooperatives are registered after the sites: phones do not have their list yet.
            group.blank("coop_ids");
        }
    });
}

/// The dry season, and this month too where people are at work.
fn months(active: bool, this_month: i8) -> String {
    let mut months: Vec<&str> = Vec::new();
    for (number, month) in (1..).zip(MONTHS.iter().copied()) {
        if !(7..11).contains(&number) || (active && number == this_month) {
            months.push(month);
        }
    }
    months.join(" ")
}

fn technique(document: &mut Document, rng: &mut Rng, site: &Site) {
    let mercury = rng.percent(45);
    document.group("d_tech", |group| {
        group.put("minerals", rng.weighted(&[("gold", 97), ("gold iron", 2), ("gold diamond", 1)]));
        group.put(
            "deposit_type",
            rng.weighted(&[
                ("eluvial", 40),
                ("primary_vein", 30),
                ("alluvial", 20),
                ("unknown", 10),
            ]),
        );
        let methods = rng.several(&["surface_pit", "shaft", "detector", "tailings"], 1, 3);
        let pits = site.workers / rng.between(5, 20) + i32::from(site.workers > 0);
        let dug = pits > 0 || methods.contains("surface_pit") || methods.contains("shaft");
        let deepest = rng.between(3, 45);
        group.put("extraction_methods", methods);
        group.put("pits_active", pits);
        group.put("depth_max", if dug { deepest } else { 0 });
        group.put(
            "equipment",
            rng.several(
                &["hand_tools", "manual_winch", "pump", "generator", "crusher", "mill"],
                1,
                4,
            ),
        );
        let methods: &[&str] = if mercury {
            &["panning", "sluicing", "amalgamation"]
        } else {
            &["panning", "sluicing", "milling"]
        };
        group.put("processing_methods", rng.several(methods, 1, 3));
        group.put(
            "chemicals",
            if mercury { rng.weighted(&[("mercury", 70), ("mercury borax", 30)]) } else { "none" },
        );
        if mercury {
            group.put(
                "chemicals_evidence",
                rng.weighted(&[("observed", 50), ("reported", 35), ("both", 15)]),
            );
            group.put(
                "mercury_practices",
                rng.several(&["open_burning", "burning_residential", "concentrate_only"], 1, 2),
            );
        }
        group.put("clean_unit", rng.weighted(&[("no", 93), ("yes", 4), ("dont_know", 3)]));
        group.decimal("gold_g_week", f64::from(site.workers * rng.between(4, 15)) / 10.0);
        group.put("gold_price", rng.between(76, 124) * 500);
        group.put(
            "buyers",
            rng.several(&["site_buyer", "financier", "collector", "comptoir"], 1, 2),
        );
    });
}

fn people(document: &mut Document, rng: &mut Rng, site: &Site) {
    document.group("e_people", |group| {
        group.put("workers_total", site.workers);
        group.put("workers_men", site.workers - site.women);
        group.put("workers_women", site.women);
        group.put(
            "est_method",
            rng.weighted(&[
                ("count_sample", 30),
                ("count_pits", 25),
                ("informants", 25),
                ("full_count", 12),
                ("visual", 8),
            ]),
        );
        group.put("residents", site.workers * rng.between(5, 18) / 10);
        let children = match site.workers {
            0 => "none",
            1..200 => rng.weighted(&[("none", 45), ("b1_9", 45), ("b10_49", 10)]),
            _ => {
                rng.weighted(&[("b1_9", 40), ("b10_49", 45), ("b50_199", 10), ("not_observed", 5)])
            }
        };
        group.put("children_working", children);
        let nationalities = if rng.percent(55) {
            rng.several(&["ML", "BF", "GN", "SN", "CI"], 2, 4)
        } else {
            "ML".to_owned()
        };
        group.put("nationalities_present", nationalities);
    });
}

fn services(document: &mut Document, rng: &mut Rng) {
    let kilometres = |drawn: i32| f64::from(drawn) / 2.0;
    document.group("f_services", |group| {
        group.put(
            "water_source",
            rng.weighted(&[
                ("borehole", 35),
                ("unprotected_well", 30),
                ("vendor", 15),
                ("surface", 12),
                ("mine_water", 8),
            ]),
        );
        group.put("latrines", rng.between(0, 9));
        group.put(
            "health_facility",
            rng.weighted(&[("cscom", 40), ("drug_vendor", 25), ("asc", 20), ("none", 15)]),
        );
        group.decimal("health_km", kilometres(rng.between(1, 50)));
        group.decimal("school_km", kilometres(rng.between(0, 30)));
        group.put("childcare", rng.weighted(&[("no", 95), ("yes", 3), ("dont_know", 2)]));
        group.put(
            "network",
            if rng.percent(20) {
                "none".to_owned()
            } else {
                rng.several(&["orange", "malitel"], 1, 2)
            },
        );
        group.put(
            "rescue",
            rng.weighted(&[("tomboloma", 55), ("none", 30), ("berets_rouges", 10), ("coop", 5)]),
        );
        group.put("deaths_12m", rng.weighted(&[(0, 70), (1, 18), (2, 8), (4, 4)]));
        group.put(
            "hazards",
            rng.several(&["collapse", "deep_unsecured_pits", "dust", "noise", "heavy_loads"], 1, 3),
        );
        group.put(
            "env_damage",
            rng.several(
                &["deforestation", "river_turbidity", "farmland_loss", "abandoned_pits"],
                1,
                3,
            ),
        );
        group.put("rehab", rng.weighted(&[("none", 88), ("pits_filled", 9), ("trees_planted", 3)]));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_at_work_in_the_rains_says_so() {
        assert_eq!(months(true, 8), "m01 m02 m03 m04 m05 m06 m08 m11 m12");
        assert_eq!(months(false, 8), "m01 m02 m03 m04 m05 m06 m11 m12");
    }
}
