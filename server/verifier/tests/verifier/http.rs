//! The HTTP interface, over loopback, by a client that writes its requests by hand. The server is the one of `examples/`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_protocol::envelope::{Compact, Received};
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Fetch, Outcome, Receipt, Standing, State};
use countersign_protocol::problem::Problem;
use countersign_verifier::Verifier;
use countersign_verifier::person::StageView;
use countersign_verifier::step::{Ask, Invite, TypeNumber};
use countersign_verifier::store::SqliteStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::phone::{Known, Phone, approve};

#[path = "../../examples/server.rs"]
mod server;

struct Served {
    verifier: Arc<Verifier<SqliteStore>>,
    account: Id,
    address: String,
    folder: tempfile::TempDir,
}

struct Response {
    status: u16,
    head: String,
    body: String,
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let verifier = server::start(listener, &folder.path().join("store")).unwrap();
        let account = verifier.add_person("ann", server::now()).unwrap();
        Self {
            verifier,
            account,
            address,
            folder,
        }
    }

    async fn raw(&self, request: &str) -> Response {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response {
            status,
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    async fn post(&self, path: &str, media_type: &str, body: &str) -> Response {
        let length = body.len();
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {media_type}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.address
        ))
        .await
    }

    /// A message that is answered with another one.
    async fn say(&self, kind: Kind, message: &Compact) -> Compact {
        let (path, status, reply) = match kind {
            Kind::Enrol => ("/v1/enrolments", 201, Kind::Account),
            Kind::Fetch => ("/v1/fetch", 200, Kind::State),
            Kind::Answer => ("/v1/answers", 200, Kind::Receipt),
            Kind::Delivery => ("/v1/delivery", 200, Kind::State),
            Kind::Move => ("/v1/moves", 200, Kind::State),
            _ => ("/v1/leave", 200, Kind::State),
        };
        let response = self.post(path, "application/jose", message.as_str()).await;
        assert_eq!(response.status, status, "{}", response.body);
        assert!(response.head.contains("content-type: application/jose"));
        assert!(response.head.contains("cache-control: no-store"));
        assert!(Received::parse(reply, &response.body).is_ok());
        Compact::from_stored(reply, &response.body).unwrap()
    }

    async fn fetch(&self, phone: &Phone, change: impl FnOnce(&mut Fetch)) -> State {
        let mut fetch = phone.fetching(server::now());
        change(&mut fetch);
        let request = phone.fetch(&fetch);
        phone.state(&request, &self.say(Kind::Fetch, &request).await)
    }

    async fn answer_rightly(&self, phone: &Phone, statement: &Compact) -> Receipt {
        let id = phone.statement(statement).id;
        let person = self.verifier.person(&self.account, server::now()).unwrap();
        let number = person.statement_view(&id).unwrap().number;
        let answer = phone.answer(statement, approve(&number), server::now());
        phone.receipt(&self.say(Kind::Answer, &answer).await)
    }

    async fn phone(&self) -> Phone {
        let phone = Phone::at("Pixel", &format!("http://{}", self.address));
        let invited = self
            .verifier
            .take(&self.account, &Invite::default(), server::now());
        let known = Known::by_link(&invited.unwrap().unwrap().link);
        let enrol = phone.enrol(&known, server::now());
        let account = self.say(Kind::Enrol, &enrol).await;
        phone.keep(&enrol, &account, known.pinned.as_ref());
        let reveal = |fetch: &mut Fetch| fetch.reveal = Some(phone.nonce());
        self.fetch(&phone, reveal).await;
        let typed = TypeNumber {
            device: phone.id(),
            number: phone.check(),
        };
        let typed = self.verifier.take(&self.account, &typed, server::now());
        typed.unwrap().unwrap();
        let state = self.fetch(&phone, reveal).await;
        self.answer_rightly(&phone, &state.statements[0]).await;
        phone
    }
}

#[tokio::test]
async fn the_server_of_the_example_enrols_a_phone_and_signs_in_with_it() {
    let served = Served::start().await;
    let phone = served.phone().await;
    let state = served.fetch(&phone, |_| {}).await;
    assert_eq!(state.standing, Standing::Active);
    let ask = Ask {
        request: server::sign_in(),
    };
    let asked = served.verifier.take(&served.account, &ask, server::now());
    let asked = asked.unwrap().unwrap();
    let state = served.fetch(&phone, |_| {}).await;
    assert_eq!(
        state.statements.as_slice(),
        std::slice::from_ref(&asked.message)
    );
    let receipt = served.answer_rightly(&phone, &asked.message).await;
    assert_eq!(receipt.outcome, Outcome::Approved);
}

#[tokio::test]
async fn a_parked_fetch_is_woken_by_what_it_waits_for() {
    let served = Served::start().await;
    let phone = served.phone().await;
    // Told its standing once, it waits the next time.
    served.fetch(&phone, |_| {}).await;
    let begun = Instant::now();
    let file = rusqlite::Connection::open(served.folder.path().join("store")).unwrap();
    let noted = || {
        let count = "SELECT count(*) FROM request";
        file.query_row(count, [], |row| row.get::<_, u32>(0))
            .unwrap()
    };
    let before = noted();
    let waiting = served.fetch(&phone, |fetch| fetch.wait_s = 25);
    let asking = async {
        // It was received, and was not answered.
        while noted() == before {
            tokio::task::yield_now().await;
        }
        // Something that is no news to the phone wakes it, and it waits on.
        let touch = Invite::default();
        let touched = served.verifier.take(&served.account, &touch, server::now());
        touched.unwrap().unwrap();
        let ask = Ask {
            request: server::sign_in(),
        };
        let asked = served.verifier.take(&served.account, &ask, server::now());
        asked.unwrap().unwrap()
    };
    let (state, asked) = tokio::join!(waiting, asking);
    assert_eq!(state.statements, [asked.message]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_parked_fetch_is_answered_when_its_time_is_over() {
    let served = Served::start().await;
    let phone = served.phone().await;
    served.fetch(&phone, |_| {}).await;
    let state = served.fetch(&phone, |fetch| fetch.wait_s = 1).await;
    assert_eq!(state.standing, Standing::Active);
    assert!(state.statements.is_empty());
}

#[tokio::test]
async fn refusals_are_documents_with_their_status() {
    let served = Served::start().await;
    let url = format!("http://{}", served.address);
    let stranger = Phone::at("Stranger", &url);
    let nobodys = Known::by_code("0000000000000000");
    let enrol = stranger.enrol(&nobodys, server::now());
    let jose = "application/jose";
    let refused = |response: &Response| {
        assert!(
            response
                .head
                .contains("content-type: application/problem+json")
        );
        Problem::read(response.status, response.body.as_bytes()).unwrap()
    };
    let response = served.post("/v1/enrolments", jose, enrol.as_str()).await;
    assert_eq!(refused(&response), Problem::UnknownInvitation);
    assert!(!response.head.contains("retry-after"));
    for media_type in [
        "text/plain",
        "application/json",
        "application/jose; charset=utf-8",
    ] {
        let response = served.post("/v1/enrolments", media_type, enrol.as_str());
        assert_eq!(refused(&response.await), Problem::Malformed, "{media_type}");
    }
    let response = served.post("/v1/fetch", jose, "a.b.c").await;
    assert_eq!(refused(&response), Problem::Malformed);
    // A message at another message's path.
    let response = served.post("/v1/fetch", jose, enrol.as_str()).await;
    assert_eq!(refused(&response), Problem::Malformed);
    for _ in 0..9 {
        let enrol = stranger.enrol(&nobodys, server::now());
        served.post("/v1/enrolments", jose, enrol.as_str()).await;
    }
    let enrol = stranger.enrol(&nobodys, server::now());
    let response = served.post("/v1/enrolments", jose, enrol.as_str()).await;
    assert_eq!(refused(&response), Problem::RateLimited);
    assert!(response.head.contains("retry-after: "));
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let served = Served::start().await;
    let announced = |length: usize| {
        format!(
            "POST /v1/answers HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )
    };
    // Nothing of the body is sent, and the refusal comes all the same.
    let response = served.raw(&announced(8 * 1024 + 1)).await;
    let problem = Problem::read(response.status, response.body.as_bytes());
    assert_eq!(problem, Some(Problem::TooLarge));
    // One that does not announce its length is read up to the limit.
    let endless = format!(
        "POST /v1/answers HTTP/1.1\r\nHost: a\r\nContent-Type: application/jose\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n4000\r\n{}\r\n",
        "a".repeat(0x4000)
    );
    let response = served.raw(&endless).await;
    let problem = Problem::read(response.status, response.body.as_bytes());
    assert_eq!(problem, Some(Problem::TooLarge));
}

#[tokio::test]
async fn other_paths_and_methods_are_not_there_and_nothing_is_said_of_them() {
    let served = Served::start().await;
    let tail = "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (line, status) in [("GET /v1/fetch", 405), ("GET /", 404)] {
        let response = served.raw(&format!("{line} {tail}")).await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (status, ""),
            "{line}"
        );
    }
    let post = served.post("/v2/fetch", "application/jose", "a").await;
    assert_eq!((post.status, post.body.as_str()), (404, ""));
}

#[tokio::test]
async fn the_page_sees_the_phone_as_it_enrols() {
    let served = Served::start().await;
    let phone = served.phone().await;
    let person = served
        .verifier
        .person(&served.account, server::now())
        .unwrap();
    let devices = person.devices();
    assert_eq!(devices[0].id, phone.id());
    assert!(matches!(devices[0].stage, StageView::Active { .. }));
}
