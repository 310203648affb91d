//! Sites as RFC 7946 features, written as text: no tree is built for a hundred thousand of them.

use std::{collections::BTreeMap, fmt::Write as _};

use sanu_schemas::Level;
use serde_json::value::RawValue;

use crate::{access::SiteTier, store::sites::SiteRow};

/// What comes before the features.
pub const HEAD: &str = "{\"type\":\"FeatureCollection\",\"features\":[\n";
/// What comes after them.
pub const FOOT: &str = "\n]}\n";

/// Properties that anybody with an account may read of a site (`domain/privacy.md`).
const PUBLIC: [&str; 2] = ["school_km", "health_km"];

/// What stays with the operational team: gold, chemicals and informants of one site tell robbers and
/// raiders where to go (`domain/privacy.md`, "site restricted").
const RESTRICTED: [&str; 11] = [
    "armed",
    "security",
    "buyers",
    "chemicals",
    "chemicals_evidence",
    "clean_unit",
    "enumerator_code",
    "gold_g_week",
    "gold_price",
    "informant_roles",
    "processing_methods",
];

/// Whether somebody of this tier may read this property of a site.
pub fn site_property(name: &str, tier: SiteTier) -> bool {
    match tier {
        SiteTier::Full => true,
        SiteTier::Register => !RESTRICTED.contains(&name),
        SiteTier::Exact | SiteTier::Public => PUBLIC.contains(&name),
    }
}

/// Appends one feature.
pub fn site_feature(out: &mut String, site: &SiteRow, tier: SiteTier) {
    write!(out, "{{\"type\":\"Feature\",\"id\":\"{}\",\"geometry\":", site.entity_id)
        .expect("writing to a String cannot fail");
    geometry(out, site.position, tier);
    out.push_str(",\"properties\":{\"name\":");
    text(out, &site.label);
    member(out, "status", &site.status);
    let [r12, c12, m12, r23, c23, m23] = &site.places;
    let [b12, b23] = &site.basis;
    for (name, value) in [
        ("region", r23),
        ("cercle", c23),
        ("commune", m23),
        ("place_basis", b23),
        ("region_2012", r12),
        ("cercle_2012", c12),
        ("commune_2012", m12),
        ("place_basis_2012", b12),
        ("mining_district", &site.district),
    ] {
        member(out, name, value);
    }
    // Codes are for joining, names are for reading.
    for (name, level, code) in [
        ("region_name", Level::Region, r23),
        ("cercle_name", Level::Cercle, c23),
        ("commune_name", Level::Commune, m23),
    ] {
        member(out, name, &sanu_schemas::place_name(level, code).unwrap_or_default());
    }
    write!(out, ",\"version\":{},\"position_flags\":{}", site.version, site.flags)
        .expect("writing to a String cannot fail");
    properties(out, &site.props, tier);
    out.push_str("}}");
}

/// Two decimals are about a kilometre: a place on a map, not a pit.
fn geometry(out: &mut String, position: Option<(f64, f64)>, tier: SiteTier) {
    let Some((lon, lat)) = position else {
        out.push_str("null");
        return;
    };
    let (lon, lat) = match tier {
        SiteTier::Public => ((lon * 100.0).round() / 100.0, (lat * 100.0).round() / 100.0),
        // Seven decimals are a centimetre; more is noise.
        SiteTier::Full | SiteTier::Register | SiteTier::Exact => {
            ((lon * 1e7).round() / 1e7, (lat * 1e7).round() / 1e7)
        }
    };
    write!(out, "{{\"type\":\"Point\",\"coordinates\":[{lon},{lat}]}}")
        .expect("writing to a String cannot fail");
}

fn properties(out: &mut String, props: &str, tier: SiteTier) {
    let Ok(props) = serde_json::from_str::<BTreeMap<&str, &RawValue>>(props) else { return };
    for (name, value) in props {
        // Already there: as geometry, or computed above.
        let written = matches!(
            name,
            "geometry"
                | "status"
                | "mining_district"
                | "name"
                | "region"
                | "cercle"
                | "commune"
                | "version"
        );
        if site_property(name, tier) && !written {
            out.push(',');
            text(out, name);
            out.push(':');
            out.push_str(value.get());
        }
    }
}

fn member(out: &mut String, name: &str, value: &str) {
    write!(out, ",\"{name}\":").expect("writing to a String cannot fail");
    if value.is_empty() { out.push_str("null") } else { text(out, value) }
}

fn text(out: &mut String, value: &str) {
    out.push('"');
    let mut plain = 0;
    for (i, c) in value.char_indices() {
        let escape = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            c if c < ' ' => "\\u001f",
            _ => continue,
        };
        out.push_str(value.get(plain..i).unwrap_or_default());
        out.push_str(escape);
        plain = i + c.len_utf8();
    }
    out.push_str(value.get(plain..).unwrap_or_default());
    out.push('"');
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::ZoneId;

    fn site() -> SiteRow {
        SiteRow {
            zone_id: ZoneId(1),
            entity_id: Uuid::from_u128(5),
            label: String::from("Kôfi \"le \\ grand\"\n<script>"),
            props: String::from(
                r#"{"geometry":{"lat":12.345678},"school_km":3.5,"workers_total":420,"cercle":"kita"}"#,
            ),
            position: Some((-8.123_456_789, 12.987_654_321)),
            flags: String::from("[]"),
            places: ["kayes", "kita", "", "kita", "kita", ""].map(str::to_owned),
            basis: ["polygon", "crosswalk"].map(str::to_owned),
            district: String::new(),
            status: String::from("active"),
            created_seq: 1,
            version: 2,
        }
    }

    fn feature(tier: SiteTier) -> serde_json::Value {
        let mut out = String::new();
        site_feature(&mut out, &site(), tier);
        serde_json::from_str(&out).unwrap()
    }

    #[test]
    fn a_feature_is_valid_geojson_that_the_standard_reader_takes() {
        let value = feature(SiteTier::Register);
        let parsed: geojson::Feature = value.to_string().parse().unwrap();

        assert_eq!(value["properties"]["name"], "Kôfi \"le \\ grand\"\n<script>");
        assert_eq!(value["properties"]["workers_total"], 420);
        assert_eq!(value["properties"]["commune"], serde_json::Value::Null);
        assert!(parsed.geometry.is_some());
    }

    #[test]
    fn the_public_sees_a_kilometre_and_no_workers() {
        let value = feature(SiteTier::Public);
        assert_eq!(value["geometry"]["coordinates"], serde_json::json!([-8.12, 12.99]));
        assert_eq!(value["properties"]["school_km"], 3.5);
        assert!(value["properties"].get("workers_total").is_none());
    }
}
