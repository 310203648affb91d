//! What is doubtful about a line of a list, told before it is written. Like what a phone sends it is kept: a position that
//! cannot be is marked in the register, and a person decides.

use serde_json::{Map, Value as Json};

use crate::{
    geo::{Position, PositionFlag, misplaced},
    rules::is_of_another_cercle,
};

/// What is doubtful about these values, each in a French sentence that begins and ends as part of a line.
pub(super) fn doubts(values: &Map<String, Json>) -> Vec<String> {
    [position(values), commune(values)].into_iter().flatten().collect()
}

fn position(values: &Map<String, Json>) -> Option<String> {
    let degrees = |name: &str| values.get(name).and_then(Json::as_f64);
    let (lat, lon) = degrees("lat").zip(degrees("lon"))?;
    let what = match misplaced(Position::new(lon, lat)?)? {
        PositionFlag::Swapped => "latitude et longitude semblent inversées",
        PositionFlag::ZeroIsland => {
            "la position est (0 ; 0) : sans position, laisser les deux cases vides"
        }
        _ => "la position est hors du Mali",
    };
    Some(String::from(what))
}

fn commune(values: &Map<String, Json>) -> Option<String> {
    let code = |name: &str| values.get(name).and_then(Json::as_str);
    let (commune, cercle) = code("commune").zip(code("cercle"))?;
    is_of_another_cercle(commune, cercle)?;
    let label = |list: &str, code: &str| {
        sanu_schemas::attribute(list, code, "label").unwrap_or(code).to_owned()
    };
    Some(format!(
        "la commune « {} » n'est pas dans le cercle « {} »",
        label("communes", commune),
        label("cercles", cercle)
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(values: &Json) -> Vec<String> {
        doubts(values.as_object().unwrap())
    }

    #[test]
    fn a_place_that_cannot_be_is_told_and_a_good_one_is_not() {
        assert_eq!(of(&json!({ "lat": 12.6, "lon": -8.0 })), [""; 0]);
        assert_eq!(of(&json!({ "label": "Bala" })), [""; 0]);
        assert!(of(&json!({ "lat": -8.0, "lon": 12.6 }))[0].contains("inversées"));
        assert!(of(&json!({ "lat": 48.8, "lon": 2.3 }))[0].contains("hors du Mali"));
        assert!(of(&json!({ "lat": 0.0, "lon": 0.0 }))[0].contains("(0 ; 0)"));
    }

    #[test]
    fn a_commune_of_another_cercle_is_told_by_its_name() {
        let good = json!({ "commune": "bafoulabe__bafoulabe", "cercle": "bafoulabe" });
        let other = json!({ "commune": "bafoulabe__bafoulabe", "cercle": "kayes" });

        assert_eq!(of(&good), [""; 0]);
        assert_eq!(of(&other), ["la commune « Bafoulabé » n'est pas dans le cercle « Kayes »"]);
    }
}
