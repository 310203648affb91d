//! Features while they are read: what each says is put down at once, so that memory does not grow with them.

use std::{collections::HashMap, io, ops::Range};

use geo::BoundingRect as _;
use uuid::Uuid;

use super::{
    column::{Column, Values},
    features::{Features, Field, Geometry, Ids, Shapes},
    grid::{Bounds, Grid},
    records::{Cursor, MakeFile, Records, Scribe},
};

/// Features while they are added.
#[derive(Debug)]
pub struct Builder {
    fields: Vec<Field>,
    numbers: HashMap<String, usize>,
    values: Vec<Values>,
    open: Draft,
    drafts: Scribe,
    /// What drafts become in the end.
    records: Scribe,
    /// What went wrong first.
    failed: Option<io::Error>,
    temporal: Option<usize>,
    unplaced: bool,
    ids: Vec<Box<str>>,
    uuids: Vec<Uuid>,
    points: Vec<[f64; 2]>,
    others: Vec<(Geometry, Bounds)>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Draft of {} properties", self.codes.len())
    }
}

/// The feature begun last: codes as they were given, before their order is known.
struct Draft {
    /// 0 where nothing is known, `PLAIN` for a value that has no code, or one more than the code.
    codes: Vec<u16>,
    /// Where the values without codes lie.
    spans: Vec<Range<usize>>,
    texts: String,
    bytes: Vec<u8>,
}

const PLAIN: u16 = u16::MAX;
const NOWHERE: [f64; 2] = [f64::NAN, f64::NAN];

impl Draft {
    fn new(fields: usize) -> Self {
        Self {
            codes: vec![0; fields],
            spans: vec![0..0; fields],
            texts: String::new(),
            bytes: Vec::new(),
        }
    }

    /// The draft as bytes: all codes, then each text after its length. Begins a new one.
    fn take(&mut self) -> &[u8] {
        self.bytes.clear();
        for code in &self.codes {
            self.bytes.extend(code.to_le_bytes());
        }
        for (_, span) in self.codes.iter().zip(&self.spans).filter(|(code, _)| **code == PLAIN) {
            let text = self.texts.get(span.clone()).unwrap_or_default();
            self.bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            self.bytes.extend(text.as_bytes());
        }
        self.codes.fill(0);
        self.texts.clear();
        &self.bytes
    }
}

impl Builder {
    /// Features with these properties, which are kept in memory.
    pub fn new(fields: Vec<Field>) -> Self {
        Self::made(fields, None)
    }

    /// Features with these properties, which are kept in a file when they are many.
    pub fn spilling(fields: Vec<Field>, make: MakeFile) -> Self {
        Self::made(fields, Some(make))
    }

    fn made(fields: Vec<Field>, make: Option<MakeFile>) -> Self {
        Self {
            numbers: fields.iter().enumerate().map(|(i, f)| (f.name.clone(), i)).collect(),
            values: fields.iter().map(|f| Values::new(f.kind)).collect(),
            open: Draft::new(fields.len()),
            drafts: Scribe::new(make.clone()),
            records: Scribe::new(make),
            failed: None,
            fields,
            temporal: None,
            unplaced: false,
            ids: Vec::new(),
            uuids: Vec::new(),
            points: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Makes this property the one that `datetime` asks about, if there is one of that name.
    pub fn set_temporal(&mut self, name: &str) {
        self.temporal = self.field(name);
    }

    /// Says that features have no place, as people have none.
    pub fn set_unplaced(&mut self) {
        self.unplaced = true;
    }

    /// Begins a feature at a point or nowhere, with a uuid. All features of a builder begin alike.
    pub fn point(&mut self, id: Uuid, at: Option<[f64; 2]>) {
        self.close();
        self.uuids.push(id);
        self.points.push(at.unwrap_or(NOWHERE));
    }

    /// Begins a feature of any geometry, with a word for an id.
    pub fn other(&mut self, id: &str, geometry: Geometry) {
        self.close();
        let bounds = match &geometry {
            Geometry::None => [f64::NAN; 4],
            Geometry::Point([x, y]) => [*x, *y, *x, *y],
            Geometry::Area(area) => area
                .bounding_rect()
                .map_or([f64::NAN; 4], |r| [r.min().x, r.min().y, r.max().x, r.max().y]),
        };
        self.ids.push(id.into());
        self.others.push((geometry, bounds));
    }

    /// The number of the property of this name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Sets a property of the feature begun last, as JSON text.
    pub fn set_json(&mut self, field: usize, json: &str) {
        let Some(values) = self.values.get_mut(field).filter(|_| json != "null") else { return };
        let draft = &mut self.open;
        let (Some(code), Some(span)) = (draft.codes.get_mut(field), draft.spans.get_mut(field))
        else {
            return;
        };
        *code = values.code(json).map_or(PLAIN, |code| code + 1);
        if *code == PLAIN {
            let start = draft.texts.len();
            draft.texts.push_str(json);
            *span = start..draft.texts.len();
        }
    }

    /// Sets a property by its name to a text; an empty one is not known.
    pub fn set_text(&mut self, name: &str, text: &str) {
        if let Some(field) = self.field(name).filter(|_| !text.is_empty()) {
            let json = serde_json::to_string(text).expect("text is always JSON");
            self.set_json(field, &json);
        }
    }

    /// Sets a property by its name to a whole number.
    pub fn set_number(&mut self, name: &str, number: i64) {
        if let Some(field) = self.field(name) {
            self.set_json(field, &number.to_string());
        }
    }

    /// Puts down the feature begun last, if one was begun.
    fn close(&mut self) {
        if self.uuids.len() + self.ids.len() == 0 || self.failed.is_some() {
            return;
        }
        let draft = self.open.take();
        self.failed = self.drafts.push(draft).err();
    }

    /// Sorts and indexes them.
    ///
    /// # Errors
    /// Those of the files that they were put down in.
    pub fn finish(mut self) -> io::Result<Features> {
        self.close();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let words = !self.ids.is_empty();
        let mut order: Vec<usize> = (0..self.uuids.len() + self.ids.len()).collect();
        if words {
            order.sort_by(|a, b| self.ids.get(*a).cmp(&self.ids.get(*b)));
        } else {
            order.sort_by_key(|row| self.uuids.get(*row));
        }
        let form = Form::new(self.values);
        let records = form.rewritten(&self.drafts.finish()?, &order, self.records)?;
        let pick = |row: &usize| self.points.get(*row).copied().unwrap_or(NOWHERE);
        let (ids, shapes, grid) = if words {
            let mut others: Vec<Option<_>> = self.others.into_iter().map(Some).collect();
            let mut ids: Vec<Option<Box<str>>> = self.ids.into_iter().map(Some).collect();
            let ids = order.iter().filter_map(|r| ids.get_mut(*r)?.take()).collect();
            let others = order.iter().filter_map(|r| others.get_mut(*r)?.take()).collect();
            (Ids::Words(ids), Shapes::Mixed(others), Grid::new(&[]))
        } else {
            let points: Vec<[f64; 2]> = order.iter().map(pick).collect();
            let ids = order.iter().filter_map(|r| self.uuids.get(*r).copied()).collect();
            let grid = Grid::new(&points);
            (Ids::Uuids(ids), Shapes::Points(points), grid)
        };
        Ok(Features {
            fields: self.fields,
            columns: form.columns,
            records,
            texts_at: form.texts_at,
            ids,
            temporal: self.temporal,
            unplaced: self.unplaced,
            shapes,
            grid,
        })
    }
}

/// What a record looks like once all values are known: codes in the order of their values, where each text ends, texts.
struct Form {
    columns: Vec<Column>,
    /// Of each property, what the codes of drafts became and stand for.
    moved: Vec<Vec<(u16, Box<str>)>>,
    texts_at: Range<usize>,
}

impl Form {
    fn new(values: Vec<Values>) -> Self {
        let (mut columns, mut moved) = (Vec::new(), Vec::new());
        let (mut codes, mut texts) = (0, 0);
        for written in values.into_iter().map(Values::finish) {
            columns.push(if let Some(dictionary) = written.dictionary {
                let (at, wide) = (codes, dictionary.distinct() > 256);
                codes += if wide { 2 } else { 1 };
                Column::Coded { dictionary, at, wide }
            } else {
                texts += 1;
                Column::Plain(texts - 1)
            });
            moved.push(written.moved);
        }
        Self { columns, moved, texts_at: codes..codes + 4 * texts }
    }

    /// Drafts as records, in this order.
    fn rewritten(
        &self,
        drafts: &Records,
        order: &[usize],
        mut records: Scribe,
    ) -> io::Result<Records> {
        let mut cursor = Cursor::new(drafts);
        let (mut record, mut texts) = (Vec::new(), Vec::new());
        for row in order {
            texts.clear();
            self.record(cursor.get(*row)?, &mut record, &mut texts);
            record.extend_from_slice(&texts);
            records.push(&record)?;
        }
        records.finish()
    }

    fn record(&self, draft: &[u8], record: &mut Vec<u8>, texts: &mut Vec<u8>) {
        let (codes, mut plain) = draft.split_at_checked(self.columns.len() * 2).unwrap_or_default();
        record.clear();
        record.resize(self.texts_at.start, 0);
        for ((column, moved), code) in self.columns.iter().zip(&self.moved).zip(codes.chunks(2)) {
            let given = code.try_into().map_or(0, u16::from_le_bytes);
            let known = usize::from(given).checked_sub(1).and_then(|code| moved.get(code));
            let text = if given == PLAIN {
                first(&mut plain)
            } else {
                known.map(|(_, json)| json.as_bytes()).unwrap_or_default()
            };
            match column {
                Column::Coded { at, wide, .. } => {
                    let code = known.map_or(0, |(code, _)| *code).to_le_bytes();
                    let width = if *wide { 2 } else { 1 };
                    if let Some(slot) = record.get_mut(*at..*at + width) {
                        slot.copy_from_slice(code.get(..width).unwrap_or_default());
                    }
                }
                Column::Plain(_) => {
                    texts.extend_from_slice(text);
                    record.extend(u32::try_from(texts.len()).unwrap_or(u32::MAX).to_le_bytes());
                }
            }
        }
    }
}

/// Takes the first text, which stands after its length.
fn first<'t>(texts: &mut &'t [u8]) -> &'t [u8] {
    let (size, rest) = texts.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
    let (text, rest) = rest.split_at_checked(size).unwrap_or_default();
    *texts = rest;
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ogc::Kind;

    #[test]
    fn features_are_in_the_order_of_their_ids_with_their_own_properties() {
        let mut builder = Builder::new(vec![Field::new("n", "N", Kind::Integer)]);
        for n in [3_u8, 1, 2] {
            builder.point(Uuid::from_u128(u128::from(n)), Some([f64::from(n), 0.0]));
            builder.set_number("n", i64::from(n));
        }
        let features = builder.finish().unwrap();

        let row = features.find("00000000-0000-0000-0000-000000000002").unwrap();
        assert_eq!(row, 1);
        assert_eq!(features.rows().row(row).unwrap().json(0), "2");
        assert_eq!(features.bounds(), Some([1.0, 0.0, 3.0, 0.0]));
        assert_eq!(features.find("00000000000000000000000000000002"), None);
        assert_eq!(features.after("00000000-0000-0000-0000-000000000002"), Some(2));
    }

    /// Sixty thousand features: one property has few values, one many, one almost none.
    fn many(make: Option<MakeFile>) -> Features {
        let fields = ["few", "name", "rare"].map(|name| Field::new(name, name, Kind::Text));
        let mut builder = Builder::made(fields.to_vec(), make);
        for n in 0..60_000_u32 {
            builder.point(Uuid::from_u128(u128::from(n * 7_919 % 60_013)), None);
            builder.set_text("name", &format!("site \"{n}\" {}", "x".repeat(80)));
            builder.set_text("few", if n % 3 == 0 { "a" } else { "b" });
            if n % 30_000 == 1 {
                builder.set_text("rare", "r");
            }
        }
        builder.finish().unwrap()
    }

    #[test]
    fn features_on_disk_say_what_those_in_memory_say() {
        let (on_disk, in_memory) = (many(Some(Arc::new(tempfile::tempfile))), many(None));
        assert!(on_disk.on_disk() && !in_memory.on_disk());
        let (mut a, mut b) = (on_disk.rows(), in_memory.rows());
        let mut rare = 0;
        for number in 0..60_000 {
            let (a, b) = (a.row(number).unwrap(), b.row(number).unwrap());
            assert_eq!(a.id(), b.id());
            let said = [0, 1, 2].map(|field| a.json(field));
            assert_eq!(said, [0, 1, 2].map(|field| b.json(field)));
            let (value, json) = (a.value(1), a.json(1));
            assert_eq!(*value, crate::ogc::Value::of_json(json, Kind::Text));
            rare += usize::from(a.json(2) == "\"r\"");
        }
        assert_eq!(rare, 2);
    }

    #[test]
    fn features_that_could_not_be_put_down_are_none() {
        let full: MakeFile = Arc::new(|| Err(io::Error::other("no room")));
        let mut builder = Builder::spilling(vec![Field::new("name", "Nom", Kind::Text)], full);
        for n in 0..60_000_u32 {
            builder.point(Uuid::from_u128(u128::from(n)), None);
            builder.set_text("name", &format!("{n} {}", "x".repeat(100)));
        }
        assert!(builder.finish().is_err());
    }
}
