//! Shuffling as JavaRosa does: the same seed gives the same order.

use super::number::{from_long, from_size, to_int, to_long};
use super::stop::Stop;
use super::value::{Atom, Nodes, Value};

/// Modulus of the generator of Park and Miller.
const MODULUS: f64 = 2_147_483_647.0;

/// `randomize(nodes, seed)`; without a seed nobody can say again what the order was.
pub(super) fn randomized(nodes: &Value<'_>, seed: Option<&Atom<'_>>) -> Result<Nodes, Stop> {
    let Value::Nodes(nodes) = nodes else {
        return Err(Stop::Fails("randomize() needs a path"));
    };
    let seed = seed.ok_or_else(|| Stop::unsupported("an order by chance"))?;
    let mut state = from_long(to_long(seed.to_number())) % MODULUS;
    if state <= 0.0 {
        state += MODULUS - 1.0;
    }
    // An inside-out Fisher-Yates shuffle.
    let mut shuffled = Vec::with_capacity(nodes.ids.len());
    for (at, &id) in nodes.ids.iter().enumerate() {
        state = state * 16_807.0 % MODULUS;
        let fraction = (state - 1.0) / (MODULUS - 1.0);
        let place = usize::try_from(to_int(fraction * (from_size(at) + 1.0))).unwrap_or(0);
        shuffled.push(id);
        shuffled.swap(place.min(at), at);
    }
    Ok(Nodes { source: nodes.source, ids: shuffled })
}
