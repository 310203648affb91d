//! The types of questions: how each is bound and shown.

/// What a question collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// The control in the body; none for what is not asked.
    pub(super) control: Option<&'static str>,
    /// The type of the bind.
    pub(super) bind: &'static str,
    /// The kind of file that an upload takes.
    pub(super) media: Option<&'static str>,
    /// What the phone fills in: kind and parameter.
    pub(super) preload: Option<(&'static str, &'static str)>,
    pub(super) is_readonly: bool,
}

const fn asked(bind: &'static str) -> Type {
    Type { control: Some("input"), bind, media: None, preload: None, is_readonly: false }
}

const fn upload(media: &'static str) -> Type {
    Type { control: Some("upload"), media: Some(media), ..asked("binary") }
}

const fn filled(bind: &'static str, kind: &'static str, of: &'static str) -> Type {
    Type { control: None, preload: Some((kind, of)), ..asked(bind) }
}

/// The type of this name; selections are not among them.
pub(super) fn find(name: &str) -> Option<Type> {
    Some(match name {
        "text" | "string" => asked("string"),
        "integer" | "int" => asked("int"),
        "decimal" => asked("decimal"),
        "date" => asked("date"),
        "time" => asked("time"),
        "datetime" => asked("dateTime"),
        "geopoint" | "location" | "gps" => asked("geopoint"),
        "geotrace" => asked("geotrace"),
        "geoshape" => asked("geoshape"),
        "barcode" => asked("barcode"),
        "note" => Type { is_readonly: true, ..asked("string") },
        "acknowledge" | "trigger" => Type { control: Some("trigger"), ..asked("string") },
        "image" | "photo" => upload("image/*"),
        "audio" => upload("audio/*"),
        "video" => upload("video/*"),
        "file" => upload("application/*"),
        "calculate" | "hidden" => Type { control: None, ..asked("string") },
        "start" => filled("dateTime", "timestamp", "start"),
        "end" => filled("dateTime", "timestamp", "end"),
        "today" => filled("date", "date", "today"),
        "deviceid" => filled("string", "property", "deviceid"),
        "username" => filled("string", "property", "username"),
        "phonenumber" => filled("string", "property", "phonenumber"),
        "email" => filled("string", "property", "email"),
        _ => return None,
    })
}

/// One choice or several.
pub(super) const fn selection(multiple: bool) -> Type {
    Type { control: Some(if multiple { "select" } else { "select1" }), ..asked("string") }
}
