//! Runs of the fleet against a small server in this process.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use sync_protocol::{Limits, PushResponse, RecordResult, Verdict, decode_push};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{Plan, Report, SimulateError, TargetError, run};

/// What the server was sent: path, authorisation, body.
type Received = Arc<Mutex<Vec<(String, String, Vec<u8>)>>>;

/// How the server behaves.
#[derive(Clone, Copy)]
enum Mood {
    /// It answers, and closes the connection after every answer.
    Closing,
    /// It says 200, which is not success to a phone.
    Merely200,
    /// It takes pushes.
    Native,
}

async fn answer(
    request: Request<Incoming>,
    mood: Mood,
    received: Received,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let bearer = request.headers().get("authorization").map(|it| it.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let response = Response::builder();
    let response = match mood {
        Mood::Closing => response.status(201).header("connection", "close").body(Full::default()),
        Mood::Merely200 => response.status(StatusCode::OK).body(Full::from("portail captif")),
        Mood::Native => response.body(Full::from(verdicts(&body))),
    };
    received.lock().unwrap().push((path, bearer.unwrap_or_default(), body.to_vec()));
    Ok(response.unwrap())
}

fn verdicts(body: &[u8]) -> Vec<u8> {
    let json = zstd::decode_all(body).unwrap();
    let push = decode_push(&json, &Limits::default()).unwrap();
    let results = (0..).zip(push.records).map(|(index, record)| RecordResult {
        index,
        instance_id: Some(record.unwrap().instance_id),
        verdict: Verdict::Accepted { submission_id: Uuid::nil() },
    });
    let response = PushResponse {
        server_id: Uuid::nil(),
        epoch: Uuid::nil(),
        batch: push.batch,
        results: results.collect(),
        missing_blobs: Vec::new(),
    };
    serde_json::to_vec(&response).unwrap()
}

async fn serve(mood: Mood) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/key/token-1/projects/1", listener.local_addr().unwrap());
    let received = Received::default();
    let seen = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            let service = service_fn(move |request| answer(request, mood, Arc::clone(&seen)));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, received)
}

fn plan(url: String) -> Plan {
    Plan {
        server_urls: vec![url],
        devices: 3,
        records: 120,
        seed: 1,
        native: false,
        resend: 0.25,
        progress: false,
        day: jiff::civil::date(2026, 11, 21),
    }
}

async fn run_against(
    mood: Mood,
    change: impl FnOnce(&mut Plan),
) -> (Report, Vec<(String, String, Vec<u8>)>) {
    let (url, received) = serve(mood).await;
    let mut plan = plan(url);
    change(&mut plan);
    let report = run(plan).await.unwrap();
    let received = received.lock().unwrap().clone();
    (report, received)
}

#[tokio::test]
async fn every_record_arrives_although_the_server_closes_each_connection() {
    let (report, received) = run_against(Mood::Closing, |_| {}).await;

    assert_eq!(report.accepted, 120);
    assert!((15..50).contains(&report.duplicates), "{report:?}");
    assert_eq!((report.refused, &report.first_refusal), (0, &None));
    assert_eq!(report.sent, 120 + report.duplicates);
    assert_eq!(u64::try_from(received.len()).unwrap(), report.sent);
    assert!(received.iter().all(|(path, ..)| path == "/v1/key/token-1/projects/1/submission"));
}

#[tokio::test]
async fn sites_arrive_before_everything_else() {
    let (_, received) = run_against(Mood::Closing, |plan| plan.resend = 0.0).await;
    let is_site = |body: &[u8]| String::from_utf8_lossy(body).contains("<data id=\"site\"");
    let sites = received.iter().take_while(|(.., body)| is_site(body)).count();

    assert_eq!(sites, 5);
    assert!(!received.iter().skip(sites).any(|(.., body)| is_site(body)));
}

#[tokio::test]
async fn an_answer_of_200_is_no_success() {
    let (report, _) = run_against(Mood::Merely200, |plan| plan.resend = 0.0).await;

    assert_eq!((report.accepted, report.refused), (0, 120));
    assert_eq!(report.first_refusal.as_deref(), Some("200: portail captif"));
}

#[tokio::test]
async fn native_batches_are_whole_and_carry_the_token_as_bearer() {
    let (report, received) = run_against(Mood::Native, |plan| {
        plan.native = true;
        plan.records = 1_300;
        plan.devices = 2;
    })
    .await;

    assert!(report.sent > 1_500 && report.sent == report.accepted, "{report:?}");
    assert!(received.iter().all(|(path, ..)| path == "/v1/sync/push"));
    assert!(received.iter().all(|(_, bearer, _)| bearer == "Bearer token-1"));
    let bytes: usize = received.iter().map(|(.., body)| body.len()).sum();
    assert_eq!(u64::try_from(bytes).unwrap(), report.bytes_out);
}

#[tokio::test]
async fn a_plan_without_a_usable_address_is_refused() {
    let mut nowhere = plan(String::new());
    nowhere.server_urls.clear();

    assert!(matches!(run(nowhere).await, Err(SimulateError::NoServer)));
    let secure = run(plan("https://sanu.example/v1/key/t/projects/1".to_owned())).await;
    assert!(matches!(secure, Err(SimulateError::Target(TargetError::NotHttp))));
}

#[tokio::test]
async fn everything_of_one_site_is_sent_by_those_who_work_there() {
    let ((one, first), (other, second)) = (serve(Mood::Closing).await, serve(Mood::Closing).await);
    let mut plan = plan(one);
    plan.server_urls.push(other);
    (plan.records, plan.resend) = (400, 0.0);

    let report = run(plan).await.unwrap();

    assert_eq!(report.accepted, 400);
    let sites = |received: Received| {
        let received = received.lock().unwrap();
        let named = received.iter().filter_map(|(.., body)| {
            let text = String::from_utf8_lossy(body).into_owned();
            let id = text.split("<site_id>").nth(1)?.split('<').next()?.to_owned();
            (!id.is_empty()).then_some(id)
        });
        named.collect::<std::collections::BTreeSet<_>>()
    };
    let (here, there) = (sites(first), sites(second));
    assert!(!here.is_empty() && !there.is_empty());
    assert!(here.is_disjoint(&there), "{here:?} {there:?}");
}
