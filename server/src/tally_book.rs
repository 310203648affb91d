//! Counts in memory: the cells of each cube that somebody asked for, kept at the turn of the register.
//!
//! Whoever derives in this process hands on how it moved the cells; a reader adds what came since. What moved
//! them otherwise (an import, boundaries, another process) leaves a turn of which nothing is known here: then
//! the cells are read again. A closed day never changes and is kept as it is.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::{
    counts::{Cube, Tally},
    db::{Result, Tx},
    store::{Called, Scope, called, doubt, releases, tallies},
};

/// Turns whose moves wait for a reader, and moves in all of them (about half a kilobyte each): past that the cells are
/// read again.
const TURNS_MAX: usize = 256;
const MOVES_MAX: usize = 20_000;
/// Cells of closed days that are kept (about 100 bytes each).
const DAYS_MAX: usize = 150_000;
/// Moves added to cells, beside a quarter of them, before they are put together again.
const SLACK: usize = 2_000;

/// A move of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The dataset.
    pub dataset: String,
    /// The cube.
    pub cube: Cube,
    /// The cell's codes, in the order of the cube's axes.
    pub codes: Vec<String>,
    /// By how many.
    pub n: i64,
}

type Key = (String, Cube);
/// Records that are not accepted, by how they stand.
type Stands = Vec<(String, i64)>;

#[derive(Default)]
struct Held {
    now: HashMap<Key, Current>,
    /// The moves of each turn, in order.
    turns: VecDeque<(i64, Vec<Move>)>,
    moves: usize,
    /// Closed days, the last one asked for last.
    days: VecDeque<((i64, Key), Arc<Tally>)>,
    /// By dataset and scope, at a turn.
    in_review: HashMap<(String, String), (i64, Stands)>,
    /// What sites and cooperatives are called, at so many changes of both.
    called: (i64, HashMap<Uuid, Called>),
}

struct Current {
    turn: i64,
    /// Cells when they were last put together.
    cells: usize,
    tally: Arc<Tally>,
}

/// Keeps cells in memory for readers.
#[derive(Default)]
pub struct TallyBook {
    held: Mutex<Held>,
    /// One cube is read at a time.
    reading: tokio::sync::Mutex<()>,
}

impl TallyBook {
    /// Whether anybody has asked yet: otherwise no moves need be handed on.
    pub fn is_watched(&self) -> bool {
        !self.held().now.is_empty()
    }

    /// Takes over how the transaction that moved the register to this turn moved its cells, once it is committed.
    pub fn moved(&self, turn: i64, moves: Vec<Move>) {
        let mut held = self.held();
        held.moves += moves.len();
        held.turns.push_back((turn, moves));
        while held.turns.len() > TURNS_MAX || held.moves > MOVES_MAX {
            let Some((_, gone)) = held.turns.pop_front() else { break };
            held.moves -= gone.len();
        }
        // Cells that nobody asked for since cannot be brought here any more; without any, nothing need be handed on.
        let oldest = held.turns.front().map_or(turn, |(turn, _)| *turn);
        held.now.retain(|_, current| current.turn + 1 >= oldest);
        if held.now.is_empty() {
            held.turns.clear();
            held.moves = 0;
        }
    }

    /// The cells as this transaction sees them, or as they have become since.
    pub async fn now(&self, tx: &mut Tx, dataset: &str, cube: Cube) -> Result<Arc<Tally>> {
        let key = (dataset.to_owned(), cube);
        let turn = tallies::turn(tx).await?;
        if let Some(tally) = self.held().brought(&key, turn) {
            return Ok(tally);
        }
        let _alone = self.reading.lock().await;
        if let Some(tally) = self.held().brought(&key, turn) {
            return Ok(tally);
        }
        let tally = Arc::new(tallies::now(tx, dataset, cube).await?);
        let current = Current { turn, cells: tally.len(), tally: Arc::clone(&tally) };
        self.held().now.insert(key, current);
        Ok(tally)
    }

    /// The cells as they were at the end of a day that is closed.
    pub async fn at(&self, tx: &mut Tx, dataset: &str, cube: Cube, day: i64) -> Result<Arc<Tally>> {
        let key = (day, (dataset.to_owned(), cube));
        if let Some(tally) = self.held().day(&key) {
            return Ok(tally);
        }
        let _alone = self.reading.lock().await;
        if let Some(tally) = self.held().day(&key) {
            return Ok(tally);
        }
        let tally = Arc::new(tallies::at(tx, dataset, cube, day).await?);
        self.held().keep_day(key, Arc::clone(&tally));
        Ok(tally)
    }

    /// How many records of a dataset are not accepted, by how they stand.
    pub async fn in_review(&self, tx: &mut Tx, scope: &Scope, dataset: &str) -> Result<Stands> {
        let key = (dataset.to_owned(), scope.token());
        let turn = tallies::turn(tx).await?;
        if let Some((at, stands)) = self.held().in_review.get(&key)
            && *at == turn
        {
            return Ok(stands.clone());
        }
        let stands = doubt::in_review(tx, scope, dataset).await?;
        self.held().in_review.insert(key, (turn, stands.clone()));
        Ok(stands)
    }

    /// What sites and cooperatives are called; those that are not there are left out.
    pub async fn called(&self, tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Called>> {
        let mut changes = 0;
        for dataset in ["sites", "cooperatives"] {
            changes += releases::changes(tx, dataset).await?;
        }
        let missing: Vec<Uuid> = {
            let mut held = self.held();
            if held.called.0 != changes {
                held.called = (changes, HashMap::new());
            }
            ids.iter().copied().filter(|id| !held.called.1.contains_key(id)).collect()
        };
        let found = if missing.is_empty() { Vec::new() } else { called(tx, missing).await? };
        let mut held = self.held();
        let known = ids.iter().filter_map(|id| held.called.1.get(id));
        let all = known.chain(&found).cloned().collect();
        if held.called.0 == changes {
            held.called.1.extend(found.into_iter().map(|c| (c.id, c)));
        }
        Ok(all)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The cells at this turn or a later one, if they are held or can be brought there.
    fn brought(&mut self, key: &Key, turn: i64) -> Option<Arc<Tally>> {
        let current = self.now.get_mut(key)?;
        if current.turn < turn {
            let mut last = current.turn;
            let since = self.turns.iter().filter(|(turn, _)| *turn > current.turn);
            let since: Vec<_> = since
                .take_while(|(turn, _)| *turn == std::mem::replace(&mut last, *turn) + 1)
                .collect();
            let reached = since.last()?.0;
            if reached < turn {
                return None;
            }
            let tally = Arc::make_mut(&mut current.tally);
            let moves = since.into_iter().flat_map(|(_, moves)| moves);
            for of in moves.filter(|m| (m.cube, &m.dataset) == (key.1, &key.0)) {
                tally.add(of.codes.iter().map(String::as_str), of.n);
            }
            current.turn = reached;
            if tally.len() > current.cells + current.cells / 4 + SLACK {
                *tally = tally.compact();
                current.cells = tally.len();
            }
        }
        Some(Arc::clone(&current.tally))
    }

    fn day(&mut self, key: &(i64, Key)) -> Option<Arc<Tally>> {
        let place = self.days.iter().position(|(k, _)| k == key)?;
        let found = self.days.remove(place)?;
        let tally = Arc::clone(&found.1);
        self.days.push_back(found);
        Some(tally)
    }

    fn keep_day(&mut self, key: (i64, Key), tally: Arc<Tally>) {
        self.days.push_back((key, tally));
        let cells =
            |days: &VecDeque<(_, Arc<Tally>)>| days.iter().map(|(_, t)| t.len()).sum::<usize>();
        // The one just asked for stays, however large.
        while self.days.len() > 1 && cells(&self.days) > DAYS_MAX {
            self.days.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Axis;

    fn moved(region: &str, n: i64) -> Move {
        let codes = Cube::Month
            .axes()
            .iter()
            .map(|axis| if *axis == Axis::Region2023 { region.to_owned() } else { String::new() });
        Move { dataset: String::from("orpailleurs"), cube: Cube::Month, codes: codes.collect(), n }
    }

    fn held_at(turn: i64) -> (Held, Key) {
        let key = (String::from("orpailleurs"), Cube::Month);
        let mut tally = Tally::over(Cube::Month.axes());
        let cell = moved("kayes", 5);
        tally.add(cell.codes.iter().map(String::as_str), cell.n);
        let current = Current { turn, cells: 1, tally: Arc::new(tally) };
        let mut held = Held::default();
        held.now.insert(key.clone(), current);
        (held, key)
    }

    fn by_region(tally: &Tally) -> Vec<(Vec<String>, i64)> {
        tally.table(&[Axis::Region2023], &[]).to_vec()
    }

    #[test]
    fn a_reader_adds_what_was_moved_since() {
        let (mut held, key) = held_at(7);
        held.turns.push_back((7, vec![moved("kayes", 100)]));
        held.turns.push_back((8, vec![moved("kayes", -1), moved("kita", 1)]));
        held.turns.push_back((9, vec![Move { cube: Cube::Site, ..moved("kayes", 50) }]));

        let tally = held.brought(&key, 8).expect("all moves are there");

        let line = |code: &str, n| (vec![String::from(code)], n);
        assert_eq!(by_region(&tally), [line("kayes", 4), line("kita", 1)]);
        assert_eq!(held.now[&key].turn, 9);
        assert_eq!(by_region(&held.brought(&key, 3).expect("later is as good")).len(), 2);
    }

    #[test]
    fn a_turn_of_which_nothing_is_known_makes_the_cells_be_read_again() {
        let (mut held, key) = held_at(7);
        held.turns.push_back((9, vec![moved("kita", 1)]));

        assert!(held.brought(&key, 9).is_none());
        assert!(held.brought(&key, 8).is_none());
        assert!(held.brought(&key, 7).is_some(), "nothing is missing at its own turn");
        held.turns.push_front((8, vec![moved("kita", 1)]));
        assert!(held.brought(&key, 10).is_none(), "the tenth is not there yet");
        assert!(held.brought(&key, 9).is_some());
    }

    #[test]
    fn moves_that_nobody_reads_do_not_pile_up() {
        let (held, key) = held_at(0);
        let book = TallyBook { held: Mutex::new(held), ..TallyBook::default() };
        for turn in 1..=15 {
            book.moved(turn, vec![moved("kayes", 1); 1_000]);
        }
        assert!(book.is_watched() && book.held().turns.len() == 15);

        for turn in 16..1_000 {
            book.moved(turn, vec![moved("kayes", 1); 1_000]);
        }

        assert!(!book.is_watched(), "the cells would have to be read again");
        assert!(book.held().brought(&key, 999).is_none());
        assert!(book.held().turns.is_empty() && book.held().moves == 0);
    }

    #[test]
    fn cells_are_put_together_when_many_moves_were_added() {
        let (mut held, key) = held_at(0);
        for turn in 1..=3 {
            held.turns.push_back((turn, vec![moved("kita", 1); 900]));
        }

        let tally = held.brought(&key, 3).expect("all moves are there");

        assert_eq!((tally.len(), tally.total()), (2, 2_705));
    }
}
