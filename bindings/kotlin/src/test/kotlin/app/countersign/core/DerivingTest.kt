package app.countersign.core

import java.util.concurrent.Callable
import java.util.concurrent.ExecutionException
import java.util.concurrent.Executors
import java.util.concurrent.Future
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

/** What others do while a password's key is derived. */
class DerivingTest : Desk() {
    private val begun = Semaphore(0)

    private val telling = object : StillClock() {
        override fun now(): UnixSeconds = super.now().also { begun.release() }
    }

    private val password get() = "correct horse battery staple".toCharArray()

    private fun Future<*>.error(): Throwable? =
        assertFailsWith<ExecutionException> { get(60, TimeUnit.SECONDS) }.cause

    /** A step that derives for long finds afterwards that others went on. */
    @Test
    fun nobodyWaitsWhileAKeyIsDerived() {
        val long = KdfParams(memoryKib = 256u * 1024u, passes = 16u, lanes = 1u)
        val threads = Executors.newSingleThreadExecutor()
        fun begin(step: suspend () -> Unit): Future<*> {
            begun.drainPermits()
            val running = threads.submit(Callable { waiting(step) })
            assertTrue(begun.tryAcquire(60, TimeUnit.SECONDS))
            return running
        }
        try {
            waiting { Companion.create(place, Ports(telling), recovery = code) }.use { shared ->
                val steps = listOf<suspend () -> Unit>(
                    { shared.addPassword(password, long) },
                    { shared.changePassword(password, Damaged.REFUSE, long) },
                )
                for (step in steps) {
                    val running = begin(step)
                    shared.lock()
                    assertIs<CountersignException.NotUnlocked>(running.error())
                    assertFalse(shared.hasPassword(), "nothing was added")
                    shared.unlockWithRecovery(code, NOW)
                }
                waiting { shared.addPassword(password, long) }
                shared.lock()
                val running = begin { shared.unlockWithPassword(password) }
                assertEquals(CompanionState.LOCKED, shared.state())
                shared.unlockWithRecovery(code, NOW)
                assertIs<CountersignException.NotLocked>(running.error())
                assertEquals(CompanionState.UNLOCKED, shared.state())
            }
        } finally {
            threads.shutdownNow()
        }
    }
}
