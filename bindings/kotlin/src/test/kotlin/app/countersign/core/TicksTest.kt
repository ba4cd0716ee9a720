package app.countersign.core

import java.util.concurrent.atomic.AtomicInteger
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.test.runCurrent

/** When codes are given anew, and when no more come. */
class TicksTest : Desk() {
    // The codes stand still: what ends them or brings others is no change of the time.
    private val still = { NOW.toLong() * 1_000 }

    /** What the flow ends with when [end] is done while it waits for the next code. */
    private fun ended(end: (Companion) -> Unit): Throwable? = waiting {
        coroutineScope {
            val waits = CompletableDeferred<Unit>()
            val asked = AtomicInteger()
            // It is asked which codes, and then for how long to wait for others.
            val millis = { still().also { if (asked.incrementAndGet() == 2) waits.complete(Unit) } }
            val collecting = async(Dispatchers.Default) {
                runCatching { companion.ticks(millis).collect {} }.exceptionOrNull()
            }
            waits.await()
            // The next code is up to 30 s away, and by the clock that stands still never there.
            val begin = System.nanoTime()
            end(companion)
            collecting.await().also {
                assertTrue(System.nanoTime() - begin < 5_000_000_000, "it went on after the vault was gone")
            }
        }
    }

    @Test
    fun codesEndAtOnceWithTheirVault() {
        companion.added()
        assertIs<CountersignException.NotUnlocked>(ended { it.lock() })
        companion.unlockWithRecovery(code)
        assertIs<CountersignException.Closed>(ended { it.shut() })
    }

    @Test
    fun codesEndAtOnceWithTheirCompanion() {
        companion.added()
        assertIs<CountersignException.Closed>(ended { it.close() })
        assertEquals(CompanionState.CLOSED, companion.state())
    }

    @Test
    fun codesEndAtOnceWhenTheCompanionIsDestroyed() {
        companion.added()
        assertIs<CountersignException.Closed>(ended { it.destroy() })
    }

    @Test
    fun aVaultThatIsLockedGivesNoCodes() = scenario {
        companion.added()
        companion.lock()
        assertFailsWith<CountersignException.NotUnlocked> { companion.ticks(still).toList() }
    }

    @Test
    @OptIn(ExperimentalCoroutinesApi::class)
    fun accountsThatComeAndGoAreSeenAtOnce() = scenario {
        val alice = companion.added()
        val seen = Channel<List<RecordId>>(Channel.UNLIMITED)
        val collecting = launch {
            companion.ticks(still, EmptyCoroutineContext).collect { codes -> seen.send(codes.map { it.id }) }
        }
        assertEquals(listOf(alice), seen.receive())
        val bob = companion.added(LINK.replace("alice", "bob"))
        assertEquals(setOf(alice, bob), seen.receive().toSet())
        companion.remove(bob)
        assertEquals(listOf(alice), seen.receive())
        companion.restore(bob)
        assertEquals(setOf(alice, bob), seen.receive().toSet())
        // What changes no code gives none anew.
        companion.tryAtOnce()
        runCurrent()
        assertTrue(seen.tryReceive().isFailure)
        assertEquals(0, currentTime)
        collecting.cancel()
    }
}
