//! Expressions: `${name}` becomes the path of the question, relative where both are in one repeat.

use super::{
    book::{Faults, Place},
    tree::{Form, Id, Kind},
    xml::escape,
};

/// Puts paths in place of names, as pyxform does: with a space on either side.
pub(super) fn paths(
    form: &Form,
    text: &str,
    from: Option<Id>,
    in_filter: bool,
    place: &Place<'_>,
    faults: &mut Faults,
) -> String {
    replaced(text, |name, before| {
        let current = in_filter || in_predicate(text, before);
        path(form, name, from, current, place, faults)
    })
}

/// Text for people: names become `<output>`; everything else is escaped. Says whether there was any.
pub(super) fn outputs(
    form: &Form,
    text: &str,
    from: Option<Id>,
    place: &Place<'_>,
    faults: &mut Faults,
) -> (String, bool) {
    let mut any = false;
    let with = replaced(&escape(text), |name, _| {
        any = true;
        let path = path(form, name, from, false, place, faults);
        format!("<output value=\"{}\"/>", escape(&path))
    });
    (if any { format!(" {with} ") } else { with }, any)
}

/// The one name that a text consists of: `${n}`.
pub(super) fn only_name(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    (!name.contains(['$', '{', '}'])).then(|| name.trim())
}

fn replaced(text: &str, mut with: impl FnMut(&str, &str) -> String) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, after)) = behind.split_once('}') else { break };
        out.push_str(before);
        let read = text.len() - behind.len();
        out.push_str(&with(name.trim(), text.get(..read).unwrap_or_default()));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Inside the brackets of a path through another instance, `.` is a row of that.
fn in_predicate(text: &str, before: &str) -> bool {
    let depth = before.matches('[').count().saturating_sub(before.matches(']').count());
    text.contains("instance(") && depth > 0
}

fn path(
    form: &Form,
    name: &str,
    from: Option<Id>,
    current: bool,
    place: &Place<'_>,
    faults: &mut Faults,
) -> String {
    let target = match form.names.get(name).map(Vec::as_slice) {
        Some([one]) => *one,
        Some(_) => {
            faults.add(place, format!("${{{name}}} : plusieurs questions ont ce nom"));
            return String::new();
        }
        None if name.starts_with("last-saved#") => {
            faults.add(
                place,
                format!(
                    "${{{name}}} : les réponses de la fiche précédente ne sont pas prises en charge"
                ),
            );
            return String::new();
        }
        None => {
            faults.add(place, format!("${{{name}}} : il n'y a pas de question de ce nom"));
            return String::new();
        }
    };
    match from.and_then(|from| relative(form, from, target)) {
        Some(relative) if current => format!(" current()/{relative} "),
        Some(relative) => format!(" {relative} "),
        None => format!(" {} ", form.path(target)),
    }
}

/// The way between two nodes of one repeat; none where no repeat holds both.
fn relative(form: &Form, from: Id, target: Id) -> Option<String> {
    let (here, there) = (form.ancestry(from), form.ancestry(target));
    // Groups and repeats above each: a node is not above itself.
    let above = here.len().min(there.len()) - 1;
    let shared = here.iter().zip(&there).take(above).take_while(|(a, b)| a == b).count();
    let is_repeat = |id: &Id| matches!(form.node(*id).kind, Kind::Repeat);
    if !here.iter().take(shared).any(is_repeat) {
        return None;
    }
    let steps = std::iter::repeat_n("..", here.len() - shared);
    let names = there.iter().skip(shared).map(|id| form.node(*id).name.as_str());
    Some(steps.chain(names).collect::<Vec<_>>().join("/"))
}
