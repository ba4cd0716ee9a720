package app.countersign.core

import kotlin.test.Test
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.catch
import kotlinx.coroutines.flow.shareIn
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch

/** Several who look at what happens, of whom one collects. */
class SharedEventsTest : Desk() {
    @Test
    fun whoSharesEventsCatchesTheirEnd() {
        companion.added()
        val scope = CoroutineScope(Dispatchers.Default)
        try {
            val end = CompletableDeferred<Throwable>()
            val shared = companion.events().catch { end.complete(it) }.shareIn(scope, SharingStarted.WhileSubscribed())
            repeat(2) { scope.launch { shared.collect { error("nothing comes: $it") } } }
            companion.lock()
            assertIs<CountersignException.NotUnlocked>(waiting { end.await() })
            assertTrue(scope.isActive, "the screens go on")
        } finally {
            scope.cancel()
        }
    }
}
