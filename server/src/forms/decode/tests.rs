//! What is read of a submission, what is not, and what breaks which rule.

use super::*;
use crate::forms::fixtures::{household, submission};

const TODAY: Date = jiff::civil::date(2026, 11, 21);

/// Decodes with every question optional to be there at all: what is absent is not the point.
fn read(content: &str) -> Decoded {
    let mut form = household();
    form.questions.iter_mut().for_each(|question| question.unconditional = false);
    decode(&form, submission(content).as_bytes(), TODAY).expect("it is XML")
}

fn rules(content: &str) -> Vec<(&'static str, String)> {
    read(content).violations.into_iter().map(|v| (v.rule, v.path)).collect()
}

fn broken(content: &str) -> Vec<&'static str> {
    rules(content).into_iter().map(|(rule, _)| rule).collect()
}

#[test]
fn the_envelope_and_the_meta_are_read_with_the_answers() {
    let decoded = read(
        "<nom>Awa</nom><orx:meta><orx:instanceID>uuid:1</orx:instanceID>\
         <orx:deprecatedID>uuid:0</orx:deprecatedID><orx:instanceName>Awa</orx:instanceName>\
         <audit>audit.csv</audit></orx:meta>",
    );

    assert_eq!(decoded.envelope.form_id, "menage");
    assert_eq!(decoded.envelope.instance_id.as_deref(), Some("uuid:1"));
    assert_eq!(decoded.envelope.deprecated_id.as_deref(), Some("uuid:0"));
    assert_eq!(decoded.instance_name.as_deref(), Some("Awa"));
    assert_eq!(decoded.attachments, ["audit.csv"]);
    assert!(decoded.unknown_nodes.is_empty());
}

#[test]
fn a_text_that_nobody_typed_is_out_of_range() {
    let long = |length| format!("<nom>{}</nom>", "a".repeat(length));

    assert_eq!(rules(&long(20_001)), [("A19", "/data/nom".to_owned())]);
    assert_eq!(rules(&long(20_000)), []);
}

#[test]
fn a_required_question_that_is_blank_is_missing_and_one_that_is_absent_is_irrelevant() {
    assert_eq!(rules("<nom> </nom><taille/>").len(), 2);
    assert_eq!(rules("<nom/>"), [("A05", "/data/nom".to_owned())]);
    assert!(rules("").is_empty());
}

#[test]
fn a_required_question_without_any_condition_may_not_be_absent() {
    let decoded = decode(&household(), submission("").as_bytes(), TODAY).expect("it is XML");

    let paths: Vec<_> = decoded.violations.iter().map(|v| (v.rule, v.path.as_str())).collect();
    assert_eq!(paths, [("A05", "/data/nom"), ("A05", "/data/taille"), ("A05", "/data/eau/source")]);
}

#[test]
fn a_required_photo_may_be_blank() {
    assert!(rules("<photo/>").is_empty());
}

#[test]
fn a_code_outside_its_list_is_a_violation_and_external_lists_are_not_checked() {
    assert_eq!(broken("<eau><source>riviere</source></eau>"), ["A06"]);
    assert_eq!(broken("<eau><usages>boire nager</usages></eau>"), ["A06"]);
    assert!(broken("<eau><source> puits </source><commune>nulle</commune></eau>").is_empty());
}

#[test]
fn an_answer_of_the_wrong_type_is_kept_as_text() {
    let decoded = read("<taille>beaucoup</taille>");

    let values: Vec<_> = decoded.answers.into_iter().map(|answer| answer.value).collect();
    assert_eq!(values, [Value::Text("beaucoup".into())]);
    assert_eq!(broken("<visite>2026-02-30</visite>"), ["A18"]);
}

#[test]
fn an_answer_outside_its_limits_is_a_violation() {
    assert_eq!(broken("<taille>61</taille>"), ["A19"]);
    assert_eq!(broken("<visite>2026-11-22</visite>"), ["A19"]);
    assert_eq!(broken("<place>12.5 -8 300 25</place>"), ["A19"]);
    assert_eq!(broken("<place>95 -8 300 5</place>"), ["A19"]);
    assert!(broken("<taille>60</taille><place>12.5 -8 300 5</place>").is_empty());
}

#[test]
fn violations_in_repeats_say_which_one() {
    let found = rules("<arbre><espece>a</espece></arbre><arbre><espece/></arbre>");

    assert_eq!(found, [("A05", "/data/arbre[2]/espece".to_owned())]);
}

#[test]
fn nested_repeats_count_again_in_each_instance() {
    let decoded = read(
        "<arbre><rameau><fruits>1</fruits></rameau><rameau><fruits>2</fruits></rameau></arbre>\
         <arbre><rameau><fruits>3</fruits></rameau></arbre>",
    );

    let places: Vec<_> = decoded.answers.iter().map(|a| a.indexes.clone()).collect();
    assert_eq!(places, [vec![0, 0], vec![0, 1], vec![1, 0]]);
}

#[test]
fn each_entity_gets_the_properties_of_its_own_scope() {
    let decoded = read(
        "<nom>Awa</nom><eau><source/></eau>\
         <arbre><espece>nere</espece><mesure><tour>1.5</tour></mesure>\
         <meta><entity dataset='arbres' create='1' id='u1'><label>nere</label></entity></meta></arbre>\
         <arbre><espece>karite</espece>\
         <meta><entity dataset='arbres' create='true' id='u2'><label/></entity></meta></arbre>\
         <meta><entity dataset='menages' create='' update='1' id='u3' baseVersion='4'\
          trunkVersion='' branchId='b'><label>Awa</label></entity></meta>",
    );

    let named = |block: &EntityBlock| {
        let list = block.properties.iter().map(|(name, value, _)| (name.clone(), value.clone()));
        list.collect::<Vec<_>>()
    };
    let text = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let [first, second, third] = decoded.entities.as_slice() else { panic!("three entities") };
    assert_eq!(named(first), [text("espece", "nere"), text("tour", "1.5")]);
    assert_eq!((second.create, second.label.as_deref()), (true, None));
    assert_eq!(named(second), [text("espece", "karite")]);
    assert_eq!(named(third), [text("nom", "Awa"), text("eau", "")]);
    assert_eq!((third.create, third.update, third.base_version), (false, true, Some(4)));
    assert_eq!((third.trunk_version, third.branch_id.as_deref()), (None, Some("b")));
}

#[test]
fn an_entity_that_the_form_does_not_declare_is_not_obeyed() {
    let decoded = read(
        "<eau><meta><entity dataset='menages' create='1' id='u'/></meta></eau>\
         <meta><entity dataset='sites' update='1' id='u'/></meta>",
    );

    assert!(decoded.entities.is_empty());
    assert_eq!(decoded.unknown_nodes, ["/data/eau/meta/entity", "/data/meta/entity"]);
    assert!(decoded.violations.iter().all(|v| v.rule == "A20"), "{:?}", decoded.violations);
    assert_eq!(decoded.violations.len(), 2);
}

#[test]
fn unknown_elements_are_named_and_skipped() {
    let decoded = read("<autre><nom>x</nom></autre><nom>Awa</nom><eau><sel/></eau>");

    assert_eq!(decoded.unknown_nodes, ["/data/autre", "/data/eau/sel"]);
    assert_eq!(decoded.answers.len(), 1);
    let many = (0..100).map(|i| format!("<n{i}/>")).collect::<Vec<_>>().concat();
    assert_eq!(read(&many).unknown_nodes.len(), UNKNOWN_NODES);
}

#[test]
fn only_the_first_answer_to_a_question_counts() {
    let decoded = read("<taille>4</taille><taille>5</taille>");

    let values: Vec<_> = decoded.answers.into_iter().map(|answer| answer.value).collect();
    assert_eq!(values, [Value::Integer(4)]);
    assert_eq!(decoded.unknown_nodes, ["/data/taille"]);
}

#[test]
fn a_group_or_an_entity_sent_twice_counts_once() {
    let decoded = read(
        "<eau><source>puits</source></eau><eau><usages>boire</usages></eau>\
         <meta><entity dataset='menages' create='1' id='u1'/></meta>\
         <meta><entity dataset='menages' create='1' id='u2'/></meta>",
    );

    assert_eq!(decoded.answers.len(), 1);
    assert_eq!(decoded.entities.len(), 1);
    assert_eq!(decoded.unknown_nodes, ["/data/eau", "/data/meta/entity"]);
}

#[test]
fn a_template_sent_along_is_not_an_answer() {
    let decoded =
        read("<arbre jr:template=''><espece/></arbre><arbre><espece>nere</espece></arbre>");

    assert_eq!(decoded.answers.first().map(|a| a.indexes.clone()), Some(vec![0]));
    assert!(decoded.violations.is_empty());
}

#[test]
fn text_is_joined_across_references_and_sections() {
    let decoded = read("<nom> A&amp;B &#233;<![CDATA[<c>]]><!-- x --> </nom>");

    let values: Vec<_> = decoded.answers.into_iter().map(|answer| answer.value).collect();
    assert_eq!(values, [Value::Text(" A&B é<c> ".into())]);
}

#[test]
fn mutated_submissions_never_panic_and_end_in_time() {
    let form = household();
    let whole = submission(
        "<start>2026-11-21T10:00:00.000Z</start><nom>A&amp;B</nom><taille>4</taille>\
         <place>12.5 -8 300 5</place><eau><source>puits</source><usages>boire</usages></eau>\
         <arbre><espece>a</espece><mesure><tour>1</tour></mesure><meta><entity dataset='arbres'\
         create='1' id='u'><label>l</label></entity></meta></arbre><meta><instanceID>uuid:1\
         </instanceID></meta>",
    );
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits fit") % below
    };
    let pieces: [&[u8]; 14] = [
        b"<",
        b">",
        b"/",
        b"&",
        b"\"",
        b"'",
        b"<!DOCTYPE",
        b"<![CDATA[",
        b"<!--",
        b"\0",
        b"\xff",
        b"&#xD800;",
        b"<arbre>",
        b"</data>",
    ];
    for _ in 0..20_000 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..=random(3) {
            let at = random(bytes.len().max(1));
            match random(4) {
                0 => bytes.truncate(at),
                _ if at >= bytes.len() => {}
                1 => drop(bytes.remove(at)),
                2 => bytes[at] = u8::try_from(random(256)).expect("under 256"),
                _ => drop(bytes.splice(at..at, pieces[random(pieces.len())].iter().copied())),
            }
        }
        let decoded = decode(&form, &bytes, TODAY);
        // What can be decoded can be let in at the door, and the other way round.
        let door = super::super::envelope(&bytes);
        assert_eq!(decoded.map(|d| d.envelope), door);
    }
}
