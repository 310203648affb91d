//! The QR code that sets up ODK Collect: base64 of zlib of a JSON of settings.

use std::io::Write as _;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::ZlibEncoder};
use qrcode::{
    EcLevel, QrCode,
    render::{svg, unicode::Dense1x2},
};
use serde_json::json;

/// The text of the code for a phone with this address.
pub(super) fn collect_settings(server_url: &str) -> anyhow::Result<String> {
    let settings = json!({
        "general": {
            "server_url": server_url,
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
            "app_language": "fr",
            // Photos are evidence, not art: the cheapest saving on 2G.
            "image_size": "small",
        },
        "project": { "name": "Sanu", "icon": "S", "color": "#b8860b" },
        "admin": {},
    });
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(settings.to_string().as_bytes())?;
    Ok(STANDARD.encode(encoder.finish()?))
}

fn code(text: &str) -> anyhow::Result<QrCode> {
    QrCode::with_error_correction_level(text, EcLevel::L)
        .context("the address is too long for a QR code")
}

/// The code in half-block characters, dark on light whatever the terminal's colours.
pub(super) fn terminal(text: &str) -> anyhow::Result<String> {
    let code = code(text)?;
    Ok(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

/// The code as an SVG picture.
pub(super) fn svg(text: &str) -> anyhow::Result<String> {
    Ok(code(text)?.render::<svg::Color<'_>>().min_dimensions(400, 400).build())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_code_opens_as_collect_opens_it() {
        let text = collect_settings("http://10.0.0.1:8080/v1/key/abc/projects/1").unwrap();
        let bytes = STANDARD.decode(text).unwrap();
        let mut json = String::new();
        flate2::read::ZlibDecoder::new(bytes.as_slice()).read_to_string(&mut json).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();

        assert_eq!(value["general"]["server_url"], "http://10.0.0.1:8080/v1/key/abc/projects/1");
        assert!(value["admin"].is_object());
        assert!(svg("x").unwrap().contains("<svg"));
    }
}
