package app.countersign.core

import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** What is given to a step: objects that were closed or are collected, buffers from their position on, halves of characters. */
class ArgumentsTest : Desk() {
    private fun closedCode() = RecoveryCode.generate().also { it.close() }

    @Test
    fun anObjectThatWasClosedIsNoArgumentAndNothingIsDone() {
        val reading = examine(LINK).also { it.close() }
        assertFailsWith<IllegalStateException> { companion.add(reading) }
        assertFailsWith<IllegalStateException> { companion.prospects(reading) }
        assertEquals(emptyList(), companion.list())
        assertFailsWith<IllegalStateException> { waiting { companion.changeRecoveryCode(closedCode(), Damaged.REFUSE) } }
        val elsewhere = vaultAt(folder.resolve("elsewhere").toString())
        assertFailsWith<IllegalStateException> { waiting { Companion.create(elsewhere, Ports(StillClock()), recovery = closedCode()) } }
        assertFalse(folder.resolve("elsewhere").toFile().exists(), "no vault that nobody could open")
        companion.lock()
        // It is no wrong try either, so that nobody waits after ten.
        repeat(11) { assertFailsWith<IllegalStateException> { companion.unlockWithRecovery(closedCode()) } }
        companion.unlockWithRecovery(code)
    }

    @Test
    fun anObjectThatIsClosedWhileItIsGivenIsWholeOrRefused() {
        val thread = Executors.newSingleThreadExecutor()
        try {
            repeat(300) {
                val reading = examine(LINK)
                val closing = thread.submit { reading.close() }
                try {
                    assertTrue(companion.prospects(reading).isNotEmpty())
                } catch (_: IllegalStateException) {
                    // It was closed before.
                }
                closing.get(60, TimeUnit.SECONDS)
            }
        } finally {
            thread.shutdownNow()
        }
    }

    @Test
    fun anObjectThatIsCollectedWhileItIsGivenIsWhole() {
        val isDone = AtomicBoolean()
        val collecting = Executors.newSingleThreadExecutor()
        try {
            val collected = collecting.submit { while (!isDone.get()) System.gc() }
            repeat(3_000) { assertEquals(1, companion.prospects(examine(LINK)).size) }
            isDone.set(true)
            collected.get(60, TimeUnit.SECONDS)
        } finally {
            isDone.set(true)
            collecting.shutdownNow()
        }
    }

    @Test
    fun aBufferIsReadFromItsPosition() {
        val buffer = direct("HEADright password".encodeToByteArray())
        buffer.position(4)
        companion.addPassword(buffer)
        assertEquals(4, buffer.position())
        companion.lock()
        assertEquals(
            VaultError.WrongPassword,
            vaultFault { companion.unlockWithPassword(direct("HEADright pass".encodeToByteArray())) },
        )
        waiting { companion.unlockWithPassword("right password".toCharArray()) }
    }

    @Test
    fun halfACharacterIsTheMarkForIt() {
        val half = "x\uD83D"
        assertEquals(emptyList(), companion.search(half))
        assertFailsWith<CountersignException.NoSuchName> { companion.find(half) }
        assertIs<UriError>(examine("otpauth://totp/a?secret=$half").error())
        assertFailsWith<RecoveryCodeException> { RecoveryCode.parse(half) }
        val id = companion.added()
        companion.edit(id, Edit(issuer = Concealed(half)))
        assertEquals("x\uFFFD", companion.row(id).issuer.expose())
    }
}
