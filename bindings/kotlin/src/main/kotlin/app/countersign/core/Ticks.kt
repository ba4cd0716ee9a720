package app.countersign.core

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield

/** The codes as they are, each time when they are others, until none changes by itself. */
internal fun ticksOf(companion: Companion, millis: () -> Long): Flow<List<AccountCodes>> = flow {
    // One reason to look again is as good as many.
    val reason = Channel<Unit>(Channel.CONFLATED)
    var shown: List<AccountCodes>? = null
    companion.watched({ reason.trySend(Unit) }) {
        while (true) {
            // Also where nothing is given, whoever collects may have gone.
            yield()
            val now = unixSeconds(millis())
            val codes = companion.codes(now)
            if (codes != shown) emit(codes)
            shown = codes
            val change = companion.nextChange(now) ?: return@flow
            withTimeoutOrNull(millisUntil(change, millis())) { reason.receive() }
        }
    }
}
