use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use countersign_core::device::{KeyAlgorithm, Presence, Protection};

use super::*;

/// Keys that answer at once, and count how often they were asked.
#[derive(Default)]
struct Counted {
    asked: AtomicU32,
    refuses: Option<DeviceKeyError>,
}

impl Counted {
    fn ask(&self) -> Result<(), DeviceKeyError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.refuses.map_or(Ok(()), Err)
    }
}

#[async_trait::async_trait]
impl DeviceKeys for Counted {
    async fn create(&self, _: String, request: KeyRequest) -> Result<MadeKey, DeviceKeyError> {
        self.ask()?;
        Ok(MadeKey {
            public: request.challenge,
            protection: Protection::Hardware,
            presence: Presence::EachUse,
            attestation: None,
        })
    }

    async fn exists(&self, _: String) -> Result<bool, DeviceKeyError> {
        self.ask().map(|()| true)
    }

    async fn sign(&self, _: String, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.ask().map(|()| message)
    }

    async fn delete(&self, _: String) -> Result<(), DeviceKeyError> {
        self.ask()
    }
}

/// What a future comes to that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("nothing is waited for"),
    }
}

fn alias(entropy: &dyn Entropy) -> KeyAlias {
    KeyAlias::generate(entropy).unwrap()
}

#[test]
fn a_step_gets_all_its_answers_and_the_same_randomness_at_each_run() {
    let keys = Counted::default();
    let runs = AtomicU32::new(0);
    let done = at_once(rehearse(Some(&keys), |keys, entropy| {
        runs.fetch_add(1, Ordering::Relaxed);
        let alias = alias(entropy);
        let request = device::KeyRequest {
            algorithm: KeyAlgorithm::P256,
            presence: true,
            challenge: [7; 32],
        };
        let made = keys.create(&alias, &request)?;
        let signed = keys.sign(&alias, alias.as_str().as_bytes())?;
        assert_eq!(
            (made.public.as_slice(), signed.as_slice()),
            (&[7; 32][..], alias.as_str().as_bytes())
        );
        assert!(keys.exists(&alias)?);
        keys.delete(&alias)?;
        Ok(alias)
    }));
    assert!(done.result.is_ok());
    assert_eq!(runs.into_inner(), 5);
    assert_eq!(keys.asked.into_inner(), 4, "nothing is asked twice");
}

#[test]
fn a_refusal_is_an_answer_too() {
    let keys = Counted {
        refuses: Some(DeviceKeyError::Cancelled),
        ..Counted::default()
    };
    let done = at_once(rehearse(Some(&keys), |keys, entropy| {
        let alias = alias(entropy);
        keys.sign(&alias, b"once").or_else(|error| {
            assert_ne!(error, KeyError::Failed);
            keys.delete(&alias)?;
            Ok(vec![])
        })
    }));
    assert_eq!(done.result, Err(ApprovalError::Key(KeyError::Cancelled)));
    let error = CountersignError::from(done.result.unwrap_err());
    assert!(matches!(
        done.failure.named(error),
        CountersignError::Key { .. }
    ));
}

#[test]
fn an_undeclared_exception_is_the_ports_failure_and_core_hears_that_it_failed() {
    let keys = Counted {
        refuses: Some(DeviceKeyError::Unexpected),
        ..Counted::default()
    };
    let done = at_once(rehearse(Some(&keys), |keys, entropy| {
        Ok(keys.sign(&alias(entropy), b"once")?)
    }));
    assert_eq!(done.result, Err(ApprovalError::Key(KeyError::Failed)));
    let error = done
        .failure
        .named(ApprovalError::Key(KeyError::Failed).into());
    let port = Port::DeviceKeys;
    assert_eq!(error, CountersignError::PortFailed { port });
    let other = done.failure.named(ApprovalError::Answered.into());
    assert!(matches!(other, CountersignError::Approval { .. }));
}

#[test]
fn without_keys_there_is_no_key_store() {
    let done = at_once(rehearse(None, |keys, entropy| {
        Ok(keys.exists(&alias(entropy))?)
    }));
    assert_eq!(done.result, Err(ApprovalError::Key(KeyError::NotAvailable)));
}

#[test]
fn a_step_that_asks_something_new_is_answered_anew_and_not_for_ever() {
    let keys = Counted::default();
    let changing = AtomicU32::new(0);
    let done = at_once(rehearse(Some(&keys), |keys, entropy| {
        let run = changing.fetch_add(1, Ordering::Relaxed).min(2);
        Ok(keys.sign(&alias(entropy), &run.to_be_bytes())?)
    }));
    assert_eq!(done.result, Ok(vec![0, 0, 0, 2]));
    let endless = AtomicU32::new(0);
    let done = at_once(rehearse(Some(&keys), |keys, entropy| {
        let run = endless.fetch_add(1, Ordering::Relaxed);
        Ok(keys.sign(&alias(entropy), &run.to_be_bytes())?)
    }));
    assert_eq!(done.result, Err(ApprovalError::Key(KeyError::NotAvailable)));
    assert!(endless.into_inner() <= CHANGES_MAX + 2);
}

#[test]
fn a_tape_gives_the_same_again_and_more_where_more_is_drawn() {
    let tape = Tape::default();
    let draw = |bytes: usize| {
        let mut drawn = vec![0; bytes];
        tape.fill(&mut drawn).unwrap();
        drawn
    };
    let (first, second) = (draw(16), draw(8));
    assert_ne!(first, [0; 16]);
    tape.rewind();
    let again = draw(32);
    assert_eq!(again[..24], [first, second].concat());
    tape.rewind();
    assert_eq!(draw(32), again);
}
