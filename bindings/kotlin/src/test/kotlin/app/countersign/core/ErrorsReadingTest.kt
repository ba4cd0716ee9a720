package app.countersign.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith

/** What is said against a text that is read: one text a fact. */
class ErrorsReadingTest : Desk() {
    private fun Reading.isRefusedWith(fault: UriError) {
        assertEquals(fault, error())
        assertEquals(emptyList(), accounts())
        assertFailsWith<CountersignException.NothingToAdd> { companion.add(this) }
    }

    @Test
    fun eachFaultOfATextIsNamed() {
        for ((fault, text) in TEXTS) examine(text).isRefusedWith(fault)
        assertEquals(TEXTS.size, TEXTS.toMap().size)
        assertEquals(emptyList(), companion.list())
    }

    @Test
    fun eachFaultOfAFormIsNamed() {
        for ((fault, form) in FORMS) examineManual(form).isRefusedWith(fault)
        assertEquals(emptyList(), companion.list())
    }

    private companion object {
        const val SECRET = "JBSWY3DPEHPK3PXP"
        const val SERVER = "https%3A%2F%2Flogin.example.org"

        fun link(what: String, secret: String? = SECRET): String =
            "otpauth://totp/a?" + listOfNotNull(secret?.let { "secret=$it" }, what.ifEmpty { null }).joinToString("&")

        fun invitation(version: String, url: String?): String =
            "countersign://enrol?v=$version${url?.let { "&url=$it" }.orEmpty()}" +
                "&id=uzGIKXqS2Kx9wC8s3QDm7w&secret=94SNirR0PejRBCF2Lqd-Zg" +
                "&key=jOpXdG9OpnBBtOxoy-KhkrbjvGBKhkSYSHVeKcgdOh0&exp=1800000600"

        /** What a text is refused with. */
        val TEXTS = listOf(
            UriError.DuplicateParameter(Field.SECRET) to "$LINK&secret=GEZDGNBVGY3TQOJQ",
            UriError.EmptyPayload to exportLink(ByteArray(0), index = 0, size = 1),
            UriError.EmptySecret to link("", secret = ""),
            UriError.InsecureUrl to invitation("1", "http%3A%2F%2Flogin.example.org"),
            UriError.InvalidCounter(0u) to link("counter=x").replace("totp", "hotp"),
            UriError.InvalidDigits(0u) to link("digits=eleven"),
            UriError.InvalidPayload to exportLink(ByteArray(3)),
            UriError.InvalidPeriod(null) to link("period=0"),
            UriError.InvalidSecret(8u, null) to link("", secret = "JBSWY3DP1"),
            UriError.Malformed(Field.VERSION) to invitation("", SERVER),
            UriError.MissingData to "otpauth-migration://offline?data=",
            UriError.MissingSecret to link("", secret = null),
            UriError.MissingUrl to invitation("1", null),
            UriError.NotOtpauth to "hello",
            UriError.PushNotSupported to "otpauth://push/a",
            UriError.SecretTooLong to link("", secret = "A".repeat(1_000)),
            UriError.TooLong to link("issuer=" + "a".repeat(9_000)),
            UriError.UnsupportedAlgorithm to link("algorithm=MD5"),
            UriError.UnsupportedTwoStep to "$LINK&2step_salt=8",
            UriError.UnsupportedType to "otpauth://motp/a?secret=$SECRET",
            UriError.UnsupportedVersion to invitation("2", SERVER),
        )

        /** What a form is refused with. */
        val FORMS = listOf(
            UriError.MissingName to ManualFields(secret = SECRET),
            UriError.WrongKind to ManualFields(secret = invitation("1", SERVER), account = "alice"),
        )
    }
}
