//! The answers of a decoded submission, as JSON and by property.

use std::collections::BTreeMap;

use super::decode::{Answer, Decoded};
use super::model::{Class, XForm};
use super::outline::{NodeIndex, Role};
use super::value::Value;

/// A place in the answers: leaves hold values, groups and lists hold more places.
#[derive(Debug)]
enum Place<'a> {
    Leaf(&'a Value),
    /// By node, which is form order.
    Group(BTreeMap<NodeIndex, Place<'a>>),
    /// By position in the repeat.
    List(BTreeMap<u16, Place<'a>>),
}

impl Decoded {
    /// Writes the answers of the classes to keep as nested JSON, in form order.
    ///
    /// Groups are objects and repeats arrays; what has no answer is left out, except instances
    /// of a repeat before one that has, which stay as `{}` so that positions hold.
    pub fn answers_json(&self, form: &XForm, keep: impl Fn(Class) -> bool) -> String {
        let mut root = Place::Group(BTreeMap::new());
        for answer in &self.answers {
            let kept = form.questions.get(answer.question).is_some_and(|q| keep(q.class));
            if kept {
                insert(form, &mut root, answer);
            }
        }
        let mut json = String::with_capacity(self.answers.len() * 32);
        write(form, &root, &mut json);
        json
    }

    /// The first answer that feeds this property, outside repeats.
    pub fn property(&self, form: &XForm, name: &str) -> Option<&Value> {
        let feeds = |answer: &&Answer| {
            form.questions.get(answer.question).is_some_and(|question| {
                !question.in_repeat && question.property.as_deref() == Some(name)
            })
        };
        self.answers.iter().find(feeds).map(|answer| &answer.value)
    }

    /// The answers outside repeats that feed a property.
    pub fn properties<'a>(
        &'a self,
        form: &'a XForm,
    ) -> impl Iterator<Item = (&'a str, Class, &'a Value)> {
        self.answers.iter().filter_map(|answer| {
            let question = form.questions.get(answer.question)?;
            let property = question.property.as_deref()?;
            (!question.in_repeat).then_some((property, question.class, &answer.value))
        })
    }
}

fn insert<'a>(form: &XForm, root: &mut Place<'a>, answer: &'a Answer) {
    let Some(node) = form.outline.node_of_question(answer.question) else {
        return;
    };
    let mut positions = answer.indexes.iter();
    let mut place = root;
    // The root itself is the outermost object, not a key.
    for step in form.outline.ancestry(node).into_iter().skip(1) {
        let Some(role) = form.outline.node(step).map(|node| node.role) else {
            return;
        };
        let Place::Group(children) = place else {
            return;
        };
        place = match role {
            Role::Question(_) => {
                children.entry(step).or_insert(Place::Leaf(&answer.value));
                return;
            }
            Role::Group => children.entry(step).or_insert_with(|| Place::Group(BTreeMap::new())),
            Role::Repeat(_) => {
                let list = children.entry(step).or_insert_with(|| Place::List(BTreeMap::new()));
                let (Place::List(items), Some(&position)) = (list, positions.next()) else {
                    return;
                };
                items.entry(position).or_insert_with(|| Place::Group(BTreeMap::new()))
            }
        };
    }
}

/// Writes one place; recursion is bounded by the depth of the form, not of the submission.
fn write(form: &XForm, place: &Place<'_>, json: &mut String) {
    match place {
        Place::Leaf(value) => value.write_json(json),
        Place::Group(children) => {
            json.push('{');
            for (position, (&node, child)) in children.iter().enumerate() {
                if position > 0 {
                    json.push(',');
                }
                let name = form.outline.node(node).map_or("", |node| node.name.as_str());
                // XML names have no quotes, backslashes or control characters to escape.
                json.push('"');
                json.push_str(name);
                json.push_str("\":");
                write(form, child, json);
            }
            json.push('}');
        }
        Place::List(items) => {
            json.push('[');
            let mut next = 0_u32;
            for (&position, item) in items {
                while next < u32::from(position) {
                    json.push_str(if next == 0 { "{}" } else { ",{}" });
                    next += 1;
                }
                if next > 0 {
                    json.push(',');
                }
                write(form, item, json);
                next += 1;
            }
            json.push(']');
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::forms::decode::decode;
    use crate::forms::fixtures::{household, submission};

    fn decoded(form: &XForm, content: &str) -> Decoded {
        decode(form, submission(content).as_bytes(), date(2026, 11, 21)).expect("it is XML")
    }

    #[test]
    fn json_is_nested_in_form_order_whatever_the_order_of_the_submission() {
        let form = household();
        let decoded = decoded(
            &form,
            "<eau><usages>boire laver</usages><source>puits</source></eau><taille>4</taille>\
             <nom>a \"b\"</nom>",
        );

        let json = decoded.answers_json(&form, |_| true);

        assert_eq!(
            json,
            r#"{"nom":"a \"b\"","taille":4,"eau":{"source":"puits","usages":["boire","laver"]}}"#
        );
    }

    #[test]
    fn repeats_are_arrays_whose_positions_hold() {
        let form = household();
        let decoded = decoded(
            &form,
            "<arbre/><arbre><espece>karite</espece><rameau/><rameau><fruits>2</fruits></rameau>\
             </arbre><arbre/>",
        );

        let json = decoded.answers_json(&form, |_| true);

        assert_eq!(json, r#"{"arbre":[{},{"espece":"karite","rameau":[{},{"fruits":2}]}]}"#);
    }

    #[test]
    fn only_the_classes_asked_for_are_written() {
        let form = household();
        let decoded = decoded(&form, "<nom>Awa</nom><taille>4</taille><visite>2026-11-20</visite>");

        let json = decoded.answers_json(&form, |class| class == Class::None);

        assert_eq!(json, r#"{"visite":"2026-11-20"}"#);
    }

    #[test]
    fn properties_are_found_outside_repeats_only() {
        let form = household();
        let decoded = decoded(
            &form,
            "<nom>Awa</nom><taille>4</taille><arbre><mesure><tour>1.5</tour></mesure></arbre>",
        );

        assert_eq!(decoded.property(&form, "size"), Some(&Value::Integer(4)));
        assert_eq!(decoded.property(&form, "girth"), None);
        let names: Vec<_> = decoded.properties(&form).map(|(name, ..)| name).collect();
        assert_eq!(names, ["name", "size"]);
    }
}
