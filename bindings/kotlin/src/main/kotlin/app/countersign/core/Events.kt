package app.countersign.core

import java.util.concurrent.ConcurrentHashMap
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.yield

/** Where one thing is done at a time: an account's keys, or one of its two lanes. */
private data class Track(val account: RecordId, val lane: Lane?)

/** Does what is next as soon as it is, on all tracks at once, until nobody collects what it gives. */
internal fun eventsOf(
    companion: Companion,
    attention: Attention,
    millis: () -> Long,
    onTrouble: ((CountersignException) -> Unit)?,
): Flow<Event> = channelFlow {
    fun trouble(error: CountersignException) = when (error) {
        // Nothing more can be done.
        is CountersignException.Closed, is CountersignException.NotUnlocked, is CountersignException.NoPort -> throw error
        else -> onTrouble?.invoke(error) ?: throw error
    }
    // One reason to look again is as good as many.
    val reason = Channel<Unit>(Channel.CONFLATED)
    val running = ConcurrentHashMap.newKeySet<Track>()
    companion.watched({ reason.trySend(Unit) }) {
        while (true) {
            // Also where nothing has to be waited for, whoever collects may have gone.
            yield()
            // What is due is said by the clock that what is done goes by.
            val action = companion.nextAction(attention)
            val track = when (action) {
                is NextAction.MakeKeys -> Track(action.account, null)
                is NextAction.RemoveKeys -> Track(action.account, null)
                is NextAction.Send -> Track(action.account, action.lane)
                is NextAction.WaitUntil -> {
                    val pause = millisUntil(action.at, millis()).coerceAtLeast(PAUSE_MIN_MS)
                    withTimeoutOrNull(pause) { reason.receive() }
                    continue
                }
                NextAction.Nothing -> {
                    reason.receive()
                    continue
                }
            }
            if (running.add(track)) {
                // It begins here and now, so that the next look finds it begun.
                launch(start = CoroutineStart.UNDISPATCHED) {
                    try {
                        val done = companion.doAction(action, attention)
                        done.events.forEach { send(it) }
                        done.troubles.forEach(::trouble)
                    } catch (error: CountersignException) {
                        trouble(error)
                        // Nothing was stored that says when to try again: its track stays taken meanwhile.
                        delay(PAUSE_AFTER_TROUBLE_MS)
                    } finally {
                        running.remove(track)
                        reason.trySend(Unit)
                    }
                }
            } else {
                reason.receive()
            }
        }
    }
}

private const val PAUSE_AFTER_TROUBLE_MS = 5_000L

/** Two clocks may disagree for a moment; nobody spins meanwhile. */
private const val PAUSE_MIN_MS = 50L
