package app.countersign.core

import java.util.concurrent.Callable
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executors
import java.util.concurrent.Future
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** What others do while a password's key is derived. */
class DerivingTest : Desk() {
    private val threads = Executors.newFixedThreadPool(2)
    private val begun = Semaphore(0)

    private val telling = object : StillClock() {
        override fun now(): UnixSeconds = super.now().also { begun.release() }
    }

    // About a second: what is done beside it takes milliseconds.
    private val long = KdfParams(memoryKib = 256u * 1024u, passes = 4u, lanes = 1u)
    private val password get() = "correct horse battery staple".toCharArray()
    private val shared by lazy { waiting { Companion.create(place, Ports(telling), recovery = code) } }

    /** Begins a step on a thread of its own, and comes back while it derives. */
    private fun begin(step: suspend () -> Unit): Future<*> {
        begun.drainPermits()
        val running = threads.submit(Callable { waiting(step) })
        assertTrue(begun.tryAcquire(60, TimeUnit.SECONDS))
        repeat(1_000) { shared.state() }
        assertFalse(running.isDone, "it held the companion for as long as it derived")
        return running
    }

    /** What it ends with; null where it went well. */
    private fun Future<*>.error(): Throwable? = try {
        get(60, TimeUnit.SECONDS)
        null
    } catch (failed: ExecutionException) {
        failed.cause
    }

    @Test
    fun nobodyWaitsWhileAKeyIsDerived() {
        try {
            shared.use { hold() }
        } finally {
            threads.shutdownNow()
        }
    }

    private fun hold() {
        val steps = listOf<suspend () -> Unit>(
            { shared.addPassword(password, long) },
            { shared.changePassword(password, Damaged.REFUSE, long) },
        )
        for (step in steps) {
            val running = begin(step)
            shared.lock()
            // Who comes back is another session: what was begun before does nothing in it.
            shared.unlockWithRecovery(code, NOW)
            assertIs<CountersignException.NotUnlocked>(running.error())
            shared.lock()
            assertFalse(shared.hasPassword(), "nothing was added")
            shared.unlockWithRecovery(code, NOW)
        }
        waiting { shared.addPassword(password, long) }
        shared.lock()
        val late = begin { shared.unlockWithPassword(password) }
        shared.unlockWithRecovery(code, NOW)
        assertIs<CountersignException.NotLocked>(late.error())
        shared.lock()
        // It is locked again while it is unlocked: it stays locked.
        val locked = begin { shared.unlockWithPassword(password) }
        shared.lock()
        assertEquals(VaultError.Locked, assertIs<CountersignException.Vault>(locked.error()).fault)
        assertEquals(CompanionState.LOCKED, shared.state())
        // Of two at once one unlocks.
        val both = List(2) { begin { shared.unlockWithPassword(password) } }
        assertIs<CountersignException.NotLocked>(both.mapNotNull { it.error() }.single())
        assertEquals(CompanionState.UNLOCKED, shared.state())
        val changing = begin { shared.changePassword(password, Damaged.REFUSE, long) }
        shared.close()
        assertIs<CountersignException.Closed>(changing.error())
    }
}
