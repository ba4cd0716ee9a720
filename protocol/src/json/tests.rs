use proptest::prelude::*;

use super::*;

impl Object {
    /// The same with one member left out, or with another document in its place.
    pub(crate) fn changed(&self, name: &str, document: Option<&str>) -> Self {
        let kept = self.0.iter().filter(|(known, _)| known != name).cloned();
        let value = document.map(|document| Json::parse(document.as_bytes()).unwrap());
        let new = value.map(|value| (name.to_owned(), value));
        Self(kept.chain(new).collect())
    }
}

fn refused(document: &str) -> JsonError {
    Json::parse(document.as_bytes()).unwrap_err()
}

#[test]
fn every_kind_of_value_is_read() {
    let document = br#"{"a":null,"b":[true,-7,"x\u00e9"],"c":{}}"#;
    let expected = Object::new()
        .with("a", Json::Null)
        .with(
            "b",
            Json::List(vec![
                Json::Bool(true),
                Json::Integer(-7),
                Json::Text("xé".into()),
            ]),
        )
        .with("c", Json::Object(Object::new()));
    assert!(Object::parse(document) == Ok(expected));
}

#[test]
fn a_member_that_is_there_twice_is_refused_at_every_level() {
    for document in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"x":[{"a":1,"\u0061":1}]}"#,
    ] {
        assert_eq!(refused(document), JsonError::DuplicateMember, "{document}");
    }
}

#[test]
fn nine_levels_are_refused_and_eight_are_not() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Json::parse(nested(8).as_bytes()).is_ok());
    assert_eq!(refused(&nested(9)), JsonError::TooDeep);
    // Nothing is kept of what lies deeper, however much it is.
    assert_eq!(refused(&"[".repeat(100_000)), JsonError::TooDeep);
    let objects = format!("{}1{}", r#"{"a":"#.repeat(9), "}".repeat(9));
    assert_eq!(refused(&objects), JsonError::TooDeep);
}

#[test]
fn numbers_are_integers_that_every_reader_can_hold() {
    for number in ["9007199254740991", "-9007199254740991", "0", "-1"] {
        let read = Json::parse(number.as_bytes());
        assert!(
            read == Ok(Json::Integer(number.parse().unwrap())),
            "{number}"
        );
    }
    for number in [
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551615",
        "99999999999999999999999",
        "1.0",
        "1e3",
        "-0",
        "0.5",
    ] {
        assert_eq!(refused(number), JsonError::Number, "{number}");
    }
}

#[test]
fn what_no_reader_takes_is_not_written() {
    for value in [INTEGER_MAX + 1, -INTEGER_MAX - 1, i64::MAX, i64::MIN] {
        let object = Object::new().with("a", Json::List(vec![Json::Integer(value)]));
        assert_eq!(object.format(), Err(JsonError::Number));
    }
    let nested = |levels: u8| {
        let inner = (2..levels).fold(Json::List(vec![]), |inner, _| Json::List(vec![inner]));
        Object::new().with("a", inner).format()
    };
    assert!(nested(8).is_ok());
    assert_eq!(nested(9), Err(JsonError::TooDeep));
}

#[test]
fn many_members_cost_what_many_values_cost() {
    // As many as the largest message can have; each is looked for among those before it.
    let members: Vec<String> = (0..10_000).map(|n| format!("\"{n}\":0")).collect();
    let document = format!("{{{}}}", members.join(","));
    assert!(Object::parse(document.as_bytes()).is_ok());
    let twice = format!("{{{},\"0\":0}}", members.join(","));
    assert_eq!(refused(&twice), JsonError::DuplicateMember);
}

#[test]
fn what_is_not_json_is_refused() {
    for document in [
        "",
        " ",
        "{",
        "{}x",
        "{} {}",
        "nul",
        "01",
        "+1",
        "NaN",
        "'a'",
        "[1,]",
        "{\"a\"}",
        "\u{feff}{}",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\n\"",
        "{a:1}",
        "// x\n{}",
    ] {
        assert_eq!(refused(document), JsonError::Syntax, "{document:?}");
    }
    for bytes in [&b"\"\xff\""[..], b"{\"\xff\":1}", b"\"\xc0\xaf\"", b"\xff"] {
        assert!(
            matches!(Json::parse(bytes), Err(JsonError::Syntax)),
            "{bytes:?}"
        );
    }
    // Too large for any number at all.
    assert_eq!(refused("1e400"), JsonError::Syntax);
    for document in ["[]", "1", "\"{}\"", "null"] {
        assert!(
            matches!(
                Object::parse(document.as_bytes()),
                Err(JsonError::NotAnObject)
            ),
            "{document}"
        );
    }
}

#[test]
fn no_error_and_no_value_shows_what_was_read() {
    let object = Object::parse(br#"{"MARKED":"MARKED"}"#).unwrap();
    assert_eq!(format!("{object:?}"), "[redacted]");
    assert_eq!(format!("{:?}", object.get("MARKED").unwrap()), "[redacted]");
    for document in [
        r#"{"MARKED":1,"MARKED":2}"#,
        r#"{"MARKED":x}"#,
        r#"{"MARKED":1.5}"#,
    ] {
        let error = refused(document);
        assert!(!format!("{error:?} {error}").contains("MARKED"));
    }
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (-INTEGER_MAX..=INTEGER_MAX).prop_map(Json::Integer),
        any::<String>().prop_map(Json::Text),
    ];
    leaf.prop_recursive(7, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::List),
            proptest::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|members| Json::Object(Object(members.into_iter().collect()))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(value in value()) {
        let object = Object::new().with("value", value);
        prop_assert!(Object::parse(&object.format().unwrap()) == Ok(object));
    }

    #[test]
    fn a_bent_document_is_refused_or_says_what_is_written(value in value(), at: usize, bent: u8) {
        let mut document = Object::new().with("value", value).format().unwrap();
        let at = at % document.len();
        document[at] ^= bent;
        if let Ok(object) = Object::parse(&document) {
            prop_assert!(Object::parse(&object.format().unwrap()) == Ok(object));
        }
    }
}
