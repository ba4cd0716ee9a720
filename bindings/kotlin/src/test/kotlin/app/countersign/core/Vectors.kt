package app.countersign.core

import java.nio.file.Path
import kotlin.io.path.readLines
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

private val FOLDER = Path.of("../../tests/vectors")

/** The cases of one file. */
fun vectors(name: String): List<JsonElement> = FOLDER.resolve(name).readLines().map(Json::parseToJsonElement)

fun JsonElement.textOr(name: String, otherwise: String = ""): String = this[name]?.jsonPrimitive?.content ?: otherwise

private fun JsonElement.list(name: String): JsonArray = this[name]?.jsonArray ?: JsonArray(emptyList())

private fun JsonElement.texts(name: String): List<String> = list(name).map { it.jsonPrimitive.content }

/** What is typed into the form of a case. */
fun form(input: JsonElement) = ManualFields(
    issuer = input.textOr("issuer"),
    account = input.textOr("account"),
    secret = input.textOr("secret"),
    kind = input.textOr("type", input.textOr("kind")),
    algorithm = input.textOr("algorithm"),
    digits = input.textOr("digits"),
    period = input.textOr("period"),
    counter = input.textOr("counter"),
)

/** What is wrong with the answer to a case; null when nothing is. */
fun wrongWith(case: JsonElement, reading: Reading): String? {
    val expected = case.jsonObject.getValue("expect")
    val isPrimary = isExpected(reading, expected)
    val mayDiffer = case.text("level") != "must" && case.list("alt_expect").any { isExpected(reading, it) }
    if (!isPrimary && !mayDiffer) return "${case.text("id")}: ${reading.errorName()}, not $expected"
    val warnings = reading.warnings().map { it.name.lowercase() }
    val missing = case.texts("warnings") - warnings.toSet()
    return if (isPrimary && missing.isNotEmpty()) "${case.text("id")}: $warnings, and not $missing" else null
}

private fun isExpected(reading: Reading, expected: JsonElement): Boolean {
    if (expected["error"] != null) return isRefused(reading, expected)
    return when (expected.text("kind")) {
        "push_activation" -> reading.kind() == TextKind.PUSH_ACTIVATION
        "migration" -> {
            val entries = expected.list("entries")
            val accounts = reading.accounts()
            accounts.size == entries.size &&
                accounts.zip(entries).all { (account, entry) -> isAccount(account, entry) } &&
                reading.failures().map { it.index.toString() } == expected.list("failures").map { it.text("index") }
        }
        else -> reading.isAccepted() && isAccount(reading.accounts().first(), expected)
    }
}

private fun isRefused(reading: Reading, expected: JsonElement): Boolean {
    val name = expected.text("error")
    val names = setOf(name) + setOf("push_not_supported").filter { name == "unsupported_type" }
    val field = reading.field()?.let { if (it == Field.EXPIRY) "exp" else it.name.lowercase() }
    return !reading.isAccepted() &&
        reading.errorName() in names &&
        (expected["field"] == null || expected.textOr("field") == field)
}

private fun isAccount(account: ReadAccount, expected: JsonElement): Boolean {
    val parameters = when (val kind = account.kind) {
        is OtpKind.Totp -> listOf("totp", kind.algorithm.name, kind.digits, "period" to kind.period)
        is OtpKind.Hotp -> listOf("hotp", kind.algorithm.name, kind.digits, "counter" to kind.counter)
        OtpKind.Steam -> listOf("steam", "SHA1", 5, "period" to 30)
    }
    val (kind, algorithm, digits, last) = parameters
    val (name, value) = last as Pair<*, *>
    val found = mapOf(
        "kind" to kind,
        "issuer" to account.issuer.expose(),
        "account" to account.account.expose(),
        "algorithm" to algorithm,
        "digits" to digits,
        name to value,
    )
    return found.all { (member, value) -> expected[member.toString()]?.jsonPrimitive?.content == value.toString() }
}
