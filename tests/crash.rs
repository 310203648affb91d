//! kill -9 at any moment: what was acknowledged stays, once; what was not can be sent again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, mpsc},
};

use crate::support::{
    Server,
    http::{Response, try_request},
    native::{push, record},
    server::Phone,
    xml::{census, multipart},
};
use sanu::simulate::Submission;

const THREADS: usize = 32;

/// One in four carries a photo of its own.
struct Parcel {
    submission: Submission,
    photo: Option<Vec<u8>>,
}

impl Parcel {
    fn new(number: usize, submission: Submission) -> Self {
        let photo =
            number.is_multiple_of(4).then(|| format!("photo {number} ").repeat(8_000).into_bytes());
        Self { submission, photo }
    }

    fn post(&self, phone: &Phone) -> std::io::Result<Response> {
        let xml = self.submission.xml.as_bytes();
        let mut parts = vec![("xml_submission_file", Some("s.xml"), "text/xml", xml)];
        if let Some(photo) = &self.photo {
            parts.push(("photo.jpg", Some("photo.jpg"), "image/jpeg", photo));
        }
        let (kind, body) = multipart(&parts);
        try_request("POST", &format!("{}/submission", phone.url), &[("Content-Type", &kind)], &body)
    }
}

/// What became of the parcels of a round.
struct Round {
    acknowledged: Vec<String>,
    /// Under way when the server died.
    interrupted: Vec<Parcel>,
    unsent: Vec<Parcel>,
}

/// Posts from all threads and kills the server after `acks` answers.
fn a_round(server: &mut Server, phone: &Phone, mut queue: Vec<Parcel>, acks: usize) -> Round {
    // Enough that all threads are busy when the kill comes, however late it comes.
    let unsent = queue.split_off((acks + 2 * THREADS).min(queue.len()));
    let queue = Mutex::new(queue);
    let interrupted = Mutex::new(Vec::new());
    let (tell, told) = mpsc::channel();
    let acknowledged = std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let (tell, queue, interrupted) = (tell.clone(), &queue, &interrupted);
            scope.spawn(move || {
                loop {
                    let Some(parcel) = queue.lock().unwrap().pop() else { return };
                    match parcel.post(phone) {
                        Ok(answer) if answer.status == 201 => {
                            tell.send(parcel.submission.instance_id).unwrap();
                        }
                        Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
                        Err(_) => interrupted.lock().unwrap().push(parcel),
                    }
                }
            });
        }
        drop(tell);
        let mut acknowledged: Vec<_> = told.iter().take(acks).collect();
        server.kill();
        acknowledged.extend(told.iter());
        acknowledged
    });
    Round { acknowledged, interrupted: interrupted.into_inner().unwrap(), unsent }
}

fn unfinished(server: &Server) -> usize {
    std::fs::read_dir(server.data().join("blobs/tmp")).unwrap().count()
}

/// The server's own words: all can be read, all adds up, and a rebuild gives the same.
fn is_sound(server: &mut Server) {
    let check = server.cli_json(&["check"]);
    assert_eq!((&check["ok"], &check["missing_files"]), (&true.into(), &0.into()), "{check}");
    server.stop();
    let live = server.cli_json(&["derived-hash"]);
    let rebuilt = server.cli_json(&["rebuild"]);
    assert_eq!(live["hashes"], rebuilt["hashes"]);
}

fn crashes(server: Server, rounds: usize) {
    let mut server = server;
    let mut phone = server.phone("phone", None);
    let mut queue: Vec<_> = census(51, rounds * 75 + 100)
        .into_iter()
        .enumerate()
        .map(|(i, submission)| Parcel::new(i, submission))
        .collect();
    let photos: BTreeSet<_> = queue
        .iter()
        .filter(|p| p.photo.is_some())
        .map(|p| p.submission.instance_id.clone())
        .collect();
    let total = queue.len();
    let mut acknowledged = Vec::new();
    let mut cut = 0;

    for round in 0..rounds {
        // A fixed sequence that looks like chance: from the first submission to the hundredth.
        let acks = 1 + (round * 7_919 + 13) % 97;
        let round = a_round(&mut server, &phone, queue, acks);
        cut += usize::from(!round.interrupted.is_empty());
        acknowledged.extend(round.acknowledged);
        queue = round.interrupted;
        queue.extend(round.unsent);
        server.start();
        phone = server.moved(&phone);
        assert_eq!(
            unfinished(&server),
            0,
            "an interrupted upload was left after {acks} acknowledgements"
        );
    }
    assert!(cut * 2 > rounds, "only {cut} kills came in the middle of uploads");
    for parcel in &queue {
        let answer = parcel.post(&phone).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text());
        acknowledged.push(parcel.submission.instance_id.clone());
    }
    server.settled();

    assert_eq!(acknowledged.iter().collect::<BTreeSet<_>>().len(), total);
    let stored = server.sql("SELECT instance_id, COUNT(*) FROM record GROUP BY instance_id");
    let stored: BTreeMap<&str, &str> = stored.lines().filter_map(|l| l.split_once('|')).collect();
    for id in &acknowledged {
        assert_eq!(stored.get(id.as_str()), Some(&"1"), "{id} was acknowledged");
    }
    assert_eq!(stored.len(), total, "something nobody sent");
    let kept = server.sql(
        "SELECT r.instance_id FROM attachment a JOIN record r ON r.zone_id = a.zone_id \
         AND r.submission_id = a.submission_id WHERE a.name = 'photo.jpg'",
    );
    assert_eq!(kept.lines().count(), photos.len());
    assert!(kept.lines().all(|id| photos.contains(id)));
    assert_eq!(unfinished(&server), 0);
    is_sound(&mut server);
}

fn resumes(server: Server, batches: usize) {
    let mut server = server;
    let token = server.phone("tablet", None).token;
    let records: Vec<_> = census(52, batches * 500).iter().map(record).collect();
    for batch in records.chunks(500) {
        let answer = push(&server, &token, batch.to_vec());
        assert!(answer.results.iter().all(|r| r.verdict.submission_id().is_some()));
    }

    server.kill();
    let number = |server: &Server, sql: &str| server.sql(sql).parse::<usize>().unwrap();
    let applied = number(&server, "SELECT seq FROM apply_state");
    server.start();
    server.settled();

    assert!(applied < records.len(), "apply was done before the kill: this proves nothing");
    assert_eq!(number(&server, "SELECT COUNT(*) FROM record"), records.len());
    assert_eq!(number(&server, "SELECT COUNT(DISTINCT instance_id) FROM record"), records.len());
    is_sound(&mut server);
}

#[test]
fn twenty_kills_in_the_middle_of_uploads_lose_nothing_on_sqlite() {
    crashes(Server::sqlite(), 20);
}

#[test]
fn five_kills_in_the_middle_of_uploads_lose_nothing_on_postgres() {
    if let Some(server) = Server::postgres() {
        crashes(server, 5);
    }
}

#[test]
fn apply_goes_on_where_it_was_killed_on_sqlite() {
    resumes(Server::sqlite(), 10);
}

#[test]
fn apply_goes_on_where_it_was_killed_on_postgres() {
    if let Some(server) = Server::postgres() {
        resumes(server, 2);
    }
}
