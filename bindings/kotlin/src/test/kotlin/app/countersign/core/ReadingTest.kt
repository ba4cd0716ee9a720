package app.countersign.core

import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** Reading: every vector through Kotlin, pictures, exports and invitations. */
class ReadingTest : Desk() {
    @Test
    fun everyLinkOfTheVectorsIsReadAsItSays() {
        val cases = vectors("otpauth.jsonl")
        assertTrue(cases.size > 100)
        assertEquals(emptyList(), cases.mapNotNull { wrongWith(it, examine(it.text("uri"))) })
    }

    @Test
    fun everyFormOfTheVectorsIsReadAsItSays() {
        val cases = vectors("manual-entry.jsonl")
        assertTrue(cases.size > 20)
        val wrong = cases.mapNotNull { wrongWith(it, examineManual(form(it["input"] ?: error("no input")))) }
        assertEquals(emptyList(), wrong)
    }

    @Test
    fun everyCodeOfTheVectorsIsMade() {
        var count = 0
        for (case in vectors("otp.jsonl")) {
            val form = ManualFields(
                account = "case $count",
                secret = case.text("secret_base32"),
                kind = case.text("kind"),
                algorithm = case.textOr("algorithm"),
                digits = case.textOr("digits"),
                period = case.textOr("period"),
                counter = case.textOr("counter"),
            )
            val id = assertIs<Added.New>(companion.add(examineManual(form)).single()).id
            if (case.text("kind") == "hotp" && case.text("counter") == Long.MAX_VALUE.toString()) {
                // There is no counter after it, so its code is never passed.
                val end = vaultFault { companion.nextHotp(id, DoubtfulCounter.REFUSE) }
                assertEquals(VaultError.CounterExhausted, end)
                continue
            }
            val got = if (case.text("kind") == "hotp") {
                companion.nextHotp(id, DoubtfulCounter.REFUSE).code
            } else {
                assertNotNull(companion.row(id, case.text("time").toULong()).window).current
            }
            assertEquals(case.text("code"), got.expose(), case.toString())
            count += 1
        }
        assertTrue(count > 90)
    }

    @Test
    fun aPictureAndAFrameSayTheSame() {
        val read = readImage(direct(drawPng(Concealed(LINK), 4u))).single()
        assertEquals(LINK, read.text.expose())
        assertEquals(4, read.corners.size)
        val rows = modulesOf(drawSvg(Concealed(LINK)).expose())
        val side = rows.size * 4
        val luma = ByteArray(side * side) { at -> if (rows[at / side / 4][at % side / 4]) 0 else -1 }
        val framed = readFrame(direct(luma), side.toUInt(), side.toUInt(), side.toUInt()).single()
        assertEquals(read.text, framed.text)
    }

    /** The modules of a drawn code, with its quiet zone: each dark run is `Mx y h n` in the path. */
    private fun modulesOf(svg: String): List<BooleanArray> {
        val side = assertNotNull(Regex("viewBox=\"0 0 (\\d+) ").find(svg)).groupValues[1].toInt()
        val rows = List(side) { BooleanArray(side) }
        for (run in Regex("M(\\d+) (\\d+)h(\\d+)").findAll(svg)) {
            val (x, y, width) = run.groupValues.drop(1).map(String::toInt)
            rows[y].fill(true, x, x + width)
        }
        assertTrue(rows.any { true in it.toList() })
        return rows
    }

    @Test
    fun aPictureWithoutACodeSaysSo() {
        assertFailsWith<QrException.NotAnImage> { readImage(direct("no picture".encodeToByteArray())) }
        assertFailsWith<QrException.NotAnImage> { readImage(direct(ByteArray(0))) }
        val grey = direct(ByteArray(64 * 64) { 127 })
        assertFailsWith<QrException.NoCode> { readFrame(grey, 64u, 64u, 64u) }
        assertFailsWith<QrException.FrameShape> { readFrame(grey, 64u, 65u, 64u) }
        assertFailsWith<QrException.FrameShape> { readFrame(grey, 0u, 64u, 64u) }
        assertFailsWith<QrException.ImageTooLarge> { readFrame(grey, 40_000u, 64u, 40_000u) }
        assertFailsWith<QrException.TextTooLong> { drawPng(Concealed("x".repeat(3_000))) }
    }

    @Test
    fun aFrameWithMoreCodesThanAreReadIsRefused() {
        val drawn = List(65) { modulesOf(drawSvg(Concealed("code ${"%02d".format(it)}")).expose()) }
        val (side, scale, across) = Triple(drawn.first().size, 3, 9)
        val (width, cell) = across * side * scale to side * scale
        val luma = ByteArray(width * 8 * cell) { at ->
            val (x, y) = at % width to at / width
            val code = drawn.getOrNull(y / cell * across + x / cell)
            if (code != null && code[y % cell / scale][x % cell / scale]) 0 else -1
        }
        fun read(rows: Int) =
            readFrame(direct(luma.copyOf(width * rows * cell)), width.toUInt(), (rows * cell).toUInt(), width.toUInt())
        assertFailsWith<QrException.TooManyCodes> { read(8) }
        // Without the last two it is read.
        assertEquals(63, read(7).size)
    }

    /** One link of an export, with one account of its own. */
    private fun part(index: Int, size: Int, batch: Int = 7, account: String = "alice"): String =
        exportLink(entry("0123456789".encodeToByteArray(), "$account$index", "Example"), index, size, batch)

    @Test
    fun anExportInPartsIsHandedOutWhole() {
        val batch = MigrationBatch()
        assertEquals(0u to emptyList<UInt>(), batch.size() to batch.missing())
        assertEquals(PartAdded.NEW, batch.add(part(1, 3)))
        assertEquals(PartAdded.KNOWN, batch.add(part(1, 3)))
        assertEquals(3u to listOf(0u, 2u), batch.size() to batch.missing())
        assertEquals(2u, assertFailsWith<PartException.Incomplete> { batch.complete() }.missing)
        fun apart(link: String) = assertFailsWith<PartException.Apart> { batch.add(link) }.fault
        assertIs<BatchException.OtherExport>(apart(part(0, 3, batch = 8)))
        assertIs<BatchException.SizeDiffers>(apart(part(0, 4)))
        assertIs<BatchException.OtherExport>(apart(part(1, 3, account = "eve")))
        val beyond = assertIs<BatchException.Index>(apart(part(3, 3)))
        assertEquals(3u to 3u, beyond.index to beyond.size)
        assertEquals(UriError.NotOtpauth, assertFailsWith<PartException.Refused> { batch.add(LINK) }.fault)
        batch.add(part(2, 3))
        batch.add(part(0, 3))
        val whole = batch.complete()
        assertEquals(listOf("alice0", "alice1", "alice2"), whole.accounts().map { it.account.expose() })
        assertEquals(3, companion.add(whole).size)
        assertEquals(3, companion.list().size)
        assertEquals(0u to emptyList<UInt>(), batch.size() to batch.missing())
        batch.add(part(0, 2))
        assertEquals(1, batch.acceptPartial().accounts().size)
        assertFalse(batch.acceptPartial().isAccepted())
    }

    @Test
    fun anInvitationIsReadFromItsLinkAndFromCodeAndAddress() {
        val link = vectors("protocol/links-enrol.jsonl").first { it["error"] == null && it["read"] != null }.text("link")
        val reading = examine(link)
        assertEquals(TextKind.INVITATION, reading.kind())
        val invitation = assertNotNull(reading.invitation())
        assertFalse(invitation.isTyped())
        assertTrue(invitation.host().expose() in link)
        assertNotNull(invitation.expiresAt())
        val typed = Invitation.ofCodeAndUrl("123 4567-890123456", "https://MFA.example/")
        assertTrue(typed.isTyped())
        assertEquals("mfa.example", typed.host().expose())
        assertNull(typed.issuer())
        assertNull(typed.expiresAt())
        fun refused(code: String, url: String) =
            assertFailsWith<InvitationException.Refused> { Invitation.ofCodeAndUrl(code, url) }.fault
        assertEquals(UriError.MissingCode, refused("12", "https://mfa.example"))
        assertEquals(UriError.InsecureUrl, refused("1234567890123456", "http://mfa.example"))
        assertEquals(UriError.InsecureUrl, refused("1234567890123456", "http://127.0.0.1:8080"))
        val local = Invitation.ofCodeAndUrl("1234567890123456", "http://127.0.0.1:8080", true)
        assertEquals("127.0.0.1", local.host().expose())
    }

    @ParameterizedTest
    @ValueSource(strings = ["", "hello", "https://example.com", "WIFI:S:home;;", "123456", "\u0000", "LONG"])
    fun nothingThatIsNoCodeCanBeAdded(text: String) {
        val reading = examine(if (text == "LONG") "x".repeat(2_000_000) else text)
        assertFalse(reading.isAccepted())
        assertNotNull(reading.error())
        assertTrue(reading.nextStep().endsWith("."))
        assertEquals(emptyList(), reading.accounts())
        assertNull(reading.invitation())
        assertNull(reading.statement())
        assertFailsWith<CountersignException.NothingToAdd> { companion.add(reading) }
        assertFailsWith<CountersignException.NothingToAdd> { companion.prospects(reading) }
        assertEquals(emptyList(), companion.list())
    }

    @Test
    fun bytesThatAreLentAreThoseThatWereGiven() {
        val given = byteArrayOf(1, 2, 3)
        val lent = direct(given)
        assertTrue(lent.isDirect)
        assertContentEquals(given, ByteArray(lent.remaining()).also(lent::get))
    }
}
