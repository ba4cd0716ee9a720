use super::*;

const INTERFACE: &str = "\
sealed class QrException: Exception()
    class NoCode(): QrException()
    class Refused(val fault: KeyError): QrException()
enum class KeyError
    LOCKED_OUT
sealed class ApprovalFault
    object Io: ApprovalFault()
    data class Number(val digits: UByte): ApprovalFault()
class InternalException(message: String): Exception(message)
    fun told(): String
enum class Standing
    ACTIVE
    NO_CODE
sealed class Rule
    object Io: Rule()
";

const LIST: &str = "# Qr\nQrError.NoCode a_picture_says_so\nQrError.Refused - nobody does\n\
                    KeyError.LockedOut a_picture_says_so\nApprovalFault.Io a_picture_says_so\n\
                    ApprovalFault.Number a_number_does\n";

#[test]
fn every_variant_is_reached_in_every_language() {
    check().unwrap();
}

#[test]
fn the_interface_has_all_that_are_listed() {
    let interface = read(&process::root().join("bindings/kotlin/api/countersign.api")).unwrap();
    assert!(variants(&interface).len() > 150);
    let variants = variants(INTERFACE);
    assert_eq!(
        Vec::from_iter(variants),
        [
            ("ApprovalFault", "Io", "ApprovalFault.Io", true, true),
            (
                "ApprovalFault",
                "Number",
                "ApprovalFault.Number",
                false,
                false
            ),
            ("KeyError", "LockedOut", "KeyError.LOCKED_OUT", false, false),
            ("QrError", "NoCode", "QrException.NoCode", true, false),
            ("QrError", "Refused", "QrException.Refused", false, false),
        ]
        .map(|(error, name, in_kotlin, is_shared, is_asked_elsewhere)| {
            let variant = Variant {
                error: error.to_owned(),
                name: name.to_owned(),
                in_kotlin: in_kotlin.to_owned(),
                is_shared,
                is_asked_elsewhere,
            };
            (format!("{error}.{name}"), variant)
        })
    );
}

#[test]
fn each_variant_has_one_row_and_each_row_its_variant() {
    let wrong = |list: &str| wrong_rows(&rows(list), &variants(INTERFACE));
    assert!(wrong(LIST).is_empty());
    let without = LIST.replace("QrError.Refused - nobody does\n", "");
    assert_eq!(wrong(&without), ["QrError.Refused has no row"]);
    let twice = format!("{LIST}ApprovalFault.Io - no reason\n");
    assert_eq!(wrong(&twice), ["ApprovalFault.Io has 2 rows"]);
    let more = format!("{LIST}QrError.Gone a_picture_says_so\n");
    assert_eq!(wrong(&more), ["QrError.Gone is no variant"]);
}

#[test]
fn a_test_that_is_not_there_or_names_no_variant_is_told_with_its_language() {
    let wrong = |at: usize, source: &str| {
        // What only names the test is not it.
        let sources = ["[\"a_picture_says_so\"]\n".to_owned(), source.to_owned()];
        wrong_tests(&rows(LIST), &variants(INTERFACE), &sources, &LANGUAGES[at])
    };
    let python = "CASES = {\n    \"LOCKED_OUT\": 1,\n}\n\ndef test_a_picture_says_so() -> None:\n    QrError.NoCode, CASES\n    \
                  ApprovalFault.IO\n\ndef test_a_number_does() -> None:\n    fault.is_NUMBER()\n";
    assert!(wrong(0, python).is_empty());
    assert_eq!(
        wrong(0, &python.replace("is_NUMBER()", "is_NUMBERS()")),
        ["ApprovalFault.Number: a_number_does does not name it (Python)"]
    );
    let kotlin = "@Test\nfun aPictureSaysSo() {\n    QrException.NoCode(KeyError.LOCKED_OUT, ApprovalFault.Io)\n}\n\n\
                  @Test\nfun aNumberDoes() {\n    ApprovalFault.Number(1)\n}\n";
    assert!(wrong(1, kotlin).is_empty());
    assert_eq!(
        wrong(1, &kotlin.replace("fun aNumberDoes", "fun another")),
        ["ApprovalFault.Number: there is no a_number_does (Kotlin)"]
    );
    // What another test says is not its own.
    assert_eq!(
        wrong(
            1,
            &kotlin.replace("ApprovalFault.Number", "it").replace(
                "@Test\nfun aN",
                "fun other() {\n    ApprovalFault.Number\n}\n\n@Test\nfun aN"
            )
        ),
        ["ApprovalFault.Number: a_number_does does not name it (Kotlin)"]
    );
    let swift = "    @Test func aPictureSaysSo() {\n        QrError.noCode, (.lockedOut), [ApprovalFault.io]\n    }\n\n    \
                 @Test func aNumberDoes() { .number(1) }\n";
    assert!(wrong(2, swift).is_empty());
    assert_eq!(
        wrong(2, &swift.replace("ApprovalFault.io", "Rule.io, .io")),
        ["ApprovalFault.Io: a_picture_says_so does not name it (Swift)"]
    );
}
