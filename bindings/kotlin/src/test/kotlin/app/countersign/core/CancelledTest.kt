package app.countersign.core

import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit
import kotlin.test.AfterTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.runCurrent

/** What stands when a coroutine is cancelled while it derives a key. */
@OptIn(ExperimentalCoroutinesApi::class)
class CancelledTest : Desk() {
    private val begun = Semaphore(0)

    private val telling = object : StillClock() {
        override fun now(): UnixSeconds = super.now().also { begun.release() }
    }

    // Long enough to be cancelled in its midst.
    private val long = KdfParams(memoryKib = 64u * 1024u, passes = 8u, lanes = 1u)
    private val password get() = "correct horse battery staple".toCharArray()
    private val shared = lazy { waiting { Companion.create(place, Ports(telling), recovery = code) } }

    @AfterTest
    fun shut() {
        if (shared.isInitialized()) shared.value.close()
    }

    /** Cancels a step once it has begun, does [meanwhile], and gives what it ends with. */
    private fun cancelled(meanwhile: () -> Unit = {}, step: suspend () -> Any?): Throwable? = waiting {
        begun.drainPermits()
        val scope = CoroutineScope(Dispatchers.Default)
        val running = scope.async { step() }
        assertTrue(begun.tryAcquire(60, TimeUnit.SECONDS))
        meanwhile()
        running.cancel()
        runCatching { running.await() }.exceptionOrNull().also { running.join() }
    }

    @Test
    fun whatACancelledCoroutineUnlocksIsLockedAgain() {
        val companion = shared.value
        waiting { companion.addPassword(password, long) }
        companion.lock()
        assertIs<CancellationException>(cancelled { companion.unlockWithPassword(password) })
        assertEquals(CompanionState.LOCKED, companion.state())
        waiting { companion.unlockWithPassword(password) }
        assertEquals(CompanionState.UNLOCKED, companion.state(), "the next one unlocks")
    }

    @Test
    fun whatSomebodyElseHasUnlockedStaysUnlocked() {
        val companion = shared.value
        waiting { companion.addPassword(password, long) }
        companion.lock()
        val late = cancelled({ companion.unlockWithRecovery(code, NOW) }) { companion.unlockWithPassword(password) }
        assertIs<CountersignException.NotLocked>(late)
        assertEquals(CompanionState.UNLOCKED, companion.state())
    }

    /** Unlocks, and cancels before the result has come back, behind [meanwhile]. */
    private fun unlockedInVain(companion: Companion, meanwhile: () -> Unit = {}, unlock: suspend () -> Unit) = scenario {
        val job = launch { unlock() }
        // It begins here and unlocks elsewhere; nothing comes back while this thread is taken.
        runCurrent()
        val begin = System.nanoTime()
        while (companion.state() != CompanionState.UNLOCKED) assertTrue(System.nanoTime() - begin < 60_000_000_000)
        meanwhile()
        job.cancelAndJoin()
        assertTrue(job.isCancelled)
    }

    @Test
    fun whatNobodyGetsAnyMoreIsLockedAgainOrStaysShut() {
        val companion = shared.value
        waiting { companion.addPassword(password, long) }
        companion.lock()
        unlockedInVain(companion) { companion.unlockWithPassword(password) }
        assertEquals(CompanionState.LOCKED, companion.state())
        unlockedInVain(companion, { companion.close() }) { companion.unlockWithPassword(password) }
        assertEquals(CompanionState.CLOSED, companion.state())
    }

    @Test
    fun whatAKeyOfThePlatformUnlocksInVainIsLockedAgain() {
        val companion = shared.value
        val key = WrappingKey()
        waiting { companion.addPlatformKey(key, SlotKind.PLATFORM) }
        companion.lock()
        unlockedInVain(companion) { companion.unlockWithPlatformKey(key) }
        assertEquals(CompanionState.LOCKED, companion.state())
        waiting { companion.unlockWithPlatformKey(key) }
        assertEquals(CompanionState.UNLOCKED, companion.state())
    }

    @Test
    fun whatWasChangedStaysChanged() {
        val companion = shared.value
        assertIs<CancellationException>(cancelled { companion.addPassword(password, long) })
        val other = "another".toCharArray()
        assertIs<CancellationException>(cancelled { companion.changePassword(other, Damaged.REFUSE, long) })
        assertEquals(CompanionState.UNLOCKED, companion.state())
        companion.lock()
        assertTrue(companion.hasPassword())
        waiting {
            assertEquals(VaultError.WrongPassword, vaultFault { companion.unlockWithPassword(password) })
            companion.unlockWithPassword(other)
        }
    }

    @Test
    fun aVaultStandsWhoseCompanionNobodyGets() {
        assertIs<CancellationException>(cancelled { Companion.create(place, Ports(telling), password, kdf = long) })
        val ports = Ports(telling)
        waiting { assertEquals(VaultError.VaultExists, vaultFault { Companion.create(place, ports, password, kdf = long) }) }
        Companion.open(place, ports).use {
            assertEquals(CompanionState.LOCKED, it.state())
            waiting { it.unlockWithPassword(password) }
            assertTrue(it.snapshot(NOW))
        }
        // It would be busy if the other one were open.
        val credential = Credential.Password(password.concatToString().encodeToByteArray())
        assertEquals(0u, restoreSnapshot(place, snapshots(place).first(), credential, OlderKey.REFUSE, ports).accountCount)
    }
}
