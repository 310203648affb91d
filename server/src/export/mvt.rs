//! A layer of a Mapbox vector tile, as protocol buffer.
//!
//! Source: Mapbox Vector Tile Specification 2.1.

use std::collections::HashMap;

use super::{cell::long, thrift::push_varint};

/// Steps along each side of a tile.
pub(super) const EXTENT: u32 = 4_096;

/// A position in a tile: to the right and down from its upper left corner.
pub(super) type Spot = [i32; 2];

/// A value of a property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Word {
    Text(String),
    Whole(u64),
}

/// A layer that is being filled.
#[derive(Debug, Default)]
pub(super) struct Layer {
    features: Vec<u8>,
    keys: Vec<&'static str>,
    values: HashMap<Word, u64>,
    order: Vec<Word>,
}

impl Layer {
    /// Adds a point.
    pub(super) fn point(&mut self, at: Spot, tags: &[(&'static str, Word)]) {
        let mut geometry = Vec::new();
        let mut pen = [0, 0];
        push_varint(&mut geometry, command(MOVE, 1));
        step(&mut geometry, &mut pen, at);
        self.feature(1, &geometry, tags);
    }

    /// Adds an area: rings without their closing point, outer ones clockwise as seen, holes after them the
    /// other way.
    pub(super) fn area(&mut self, rings: &[Vec<Spot>], tags: &[(&'static str, Word)]) {
        let mut geometry = Vec::new();
        let mut pen = [0, 0];
        for ring in rings {
            let Some((first, rest)) = ring.split_first() else { continue };
            push_varint(&mut geometry, command(MOVE, 1));
            step(&mut geometry, &mut pen, *first);
            push_varint(&mut geometry, command(LINE, long(rest.len())));
            for spot in rest {
                step(&mut geometry, &mut pen, *spot);
            }
            push_varint(&mut geometry, command(CLOSE, 1));
        }
        self.feature(3, &geometry, tags);
    }

    fn feature(&mut self, kind: u64, geometry: &[u8], tags: &[(&'static str, Word)]) {
        let mut words = Vec::new();
        for (name, value) in tags {
            let key = self.keys.iter().position(|k| k == name).unwrap_or_else(|| {
                self.keys.push(name);
                self.keys.len() - 1
            });
            push_varint(&mut words, long(key));
            let next = long(self.order.len());
            let number = *self.values.entry(value.clone()).or_insert(next);
            if number == next {
                self.order.push(value.clone());
            }
            push_varint(&mut words, number);
        }
        let mut feature = Vec::new();
        bytes(&mut feature, 2, &words);
        number(&mut feature, 3, kind);
        bytes(&mut feature, 4, geometry);
        bytes(&mut self.features, 2, &feature);
    }

    /// Appends the layer to a tile, unless it is empty.
    pub(super) fn finish(self, name: &str, tile: &mut Vec<u8>) {
        if self.features.is_empty() {
            return;
        }
        let mut layer = Vec::new();
        bytes(&mut layer, 1, name.as_bytes());
        layer.extend(&self.features);
        for key in self.keys {
            bytes(&mut layer, 3, key.as_bytes());
        }
        for word in &self.order {
            let mut value = Vec::new();
            match word {
                Word::Text(text) => bytes(&mut value, 1, text.as_bytes()),
                Word::Whole(n) => number(&mut value, 5, *n),
            }
            bytes(&mut layer, 4, &value);
        }
        number(&mut layer, 5, u64::from(EXTENT));
        number(&mut layer, 15, 2);
        bytes(tile, 3, &layer);
    }
}

const MOVE: u64 = 1;
const LINE: u64 = 2;
const CLOSE: u64 = 7;

const fn command(id: u64, count: u64) -> u64 {
    count << 3 | id
}

/// Moves the pen, telling how far.
fn step(out: &mut Vec<u8>, pen: &mut Spot, to: Spot) {
    for (from, to) in pen.iter_mut().zip(to) {
        let far = i64::from(to) - i64::from(*from);
        push_varint(out, ((far << 1) ^ (far >> 63)).cast_unsigned());
        *from = to;
    }
}

fn number(out: &mut Vec<u8>, field: u64, value: u64) {
    push_varint(out, field << 3);
    push_varint(out, value);
}

fn bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    push_varint(out, field << 3 | 2);
    push_varint(out, long(bytes.len()));
    out.extend(bytes);
}
