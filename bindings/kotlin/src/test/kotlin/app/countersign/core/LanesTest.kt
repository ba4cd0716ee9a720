package app.countersign.core

import kotlin.coroutines.EmptyCoroutineContext
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.launch
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.currentTime
import kotlinx.coroutines.withContext

/** What goes to the server and comes from it: cancelled, silent, lying, and as it happens. */
class LanesTest : Requests() {
    /** Never answers. */
    private class Endless : Transport {
        val begun = CompletableDeferred<Unit>()
        val wasCancelled = CompletableDeferred<Unit>()

        override suspend fun post(request: HttpRequest): HttpReply {
            begun.complete(Unit)
            try {
                awaitCancellation()
            } catch (cancelled: CancellationException) {
                wasCancelled.complete(Unit)
                throw cancelled
            }
        }
    }

    /** The transport that it is set to. */
    private class Switch : Transport {
        @Volatile
        var to: Transport = HttpClientTransport()

        override suspend fun post(request: HttpRequest): HttpReply = to.post(request)
    }

    private suspend fun TestScope.cancelled(begun: CompletableDeferred<Unit>, companion: Companion, work: suspend () -> Unit) {
        var isDone = false
        val job = launch {
            work()
            isDone = true
        }
        begun.await()
        assertEquals(emptyList(), companion.list())
        job.cancelAndJoin()
        assertEquals(false, isDone)
    }

    @Test
    fun aTaskThatIsCancelledLeavesAUsableCompanion() = scenario {
        val prompt = CompletableDeferred<Unit>()
        var isPatient = false
        val keys = MemoryKeys { what ->
            if (isPatient && what == "sign") {
                prompt.complete(Unit)
                awaitCancellation()
            }
        }
        val switch = Switch()
        val device = device(transport = switch, deviceKeys = keys).enrolled()
        val companion = device.companion
        val asked = server.ask()
        val statement = device.only()
        val approve = Decision.Approve(asked.text("number"))

        isPatient = true
        cancelled(prompt, companion) { companion.decide(statement.id, approve) }
        isPatient = false
        assertEquals(null, companion.statement(statement.id).cannotApprove)
        companion.decide(statement.id, approve)

        val action = assertIs<NextAction.Send>(companion.nextAction(Attention.IDLE))
        val endless = Endless()
        switch.to = endless
        cancelled(endless.begun, companion) { companion.doAction(action, Attention.IDLE) }
        endless.wasCancelled.await()
        assertEquals<NextAction>(action, companion.nextAction(Attention.IDLE), "the lane is free again")
        switch.to = HttpClientTransport()
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.settle()))
    }

    @Test
    fun aServerThatIsSilentOrLiesChangesNothing() = scenario {
        val device = device().enrolled()
        val companion = device.companion
        val asked = server.ask()
        val fetch = NextAction.Send(device.work, Lane.ASK)
        val more = mapOf(
            "redirect" to listOf("to" to server.url),
            "raw" to listOf("text" to "no HTTP at all\r\n\r\n"),
            "huge" to listOf("bytes" to 5_000_000),
            "answer" to listOf("status" to 400, "headers" to emptyMap<String, String>(), "body" to "{}"),
        )
        for (kind in listOf("drop", "unavailable", "other_key", "other_device") + more.keys) {
            server.network(kind, *more[kind].orEmpty().toTypedArray())
            val events = companion.doAction(fetch, Attention.LOOKING).events
            assertTrue(events.isEmpty() || events.singleOrNull() is Event.Refused, kind)
            assertEquals(emptyList(), companion.pending(), kind)
            assertEquals(Standing.Active, device.view.standing)
        }
        server.control("network_clear")
        suspend fun prepared() = companion.prepare(device.work, Lane.ASK, Attention.LOOKING)
        val first = prepared()
        assertEquals(device.work, first.errand.account())
        assertTrue(first.request.url.startsWith(server.url))
        assertEquals(ApprovalFault.NothingToSend, approvalFault { prepared() }, "one request at a time on each lane")
        assertEquals(emptyList(), companion.takeSilence(first.errand, Unreachable.TIMED_OUT))
        assertNotNull(device.view.unreachableSince)
        companion.tryAtOnce()
        companion.giveUp(prepared().errand)
        // An errand that nobody has any more has no lane either.
        prepared().errand.close()
        val last = prepared()
        val transport = assertNotNull(device.ports.transport)
        val reply = withContext(Dispatchers.Default) { transport.post(last.request) }
        assertIs<Event.Rings>(companion.takeReply(last.errand, reply).single())
        val approve = Decision.Approve(asked.text("number"))
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(device.only(), approve)))
    }

    @Test
    @OptIn(ExperimentalCoroutinesApi::class)
    fun eventsComeAsTheyHappen() = scenario {
        val device = device().enrolled()
        val companion = device.companion
        val begin = device.clock.at
        val millis = {
            device.clock.at = begin + (currentTime / 1_000).toULong()
            begin.toLong() * 1_000 + currentTime
        }
        val asked = server.ask()
        val seen = companion.events(Attention.WAITING, millis, EmptyCoroutineContext).transformWhile {
            emit(it)
            if (it is Event.Rings) companion.decide(it.statement, Decision.Approve(asked.text("number")))
            it !is Event.Outcome
        }.toList()
        assertIs<Event.Rings>(seen.first())
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(seen))
        val next = companion.nextAction(Attention.WAITING, device.clock.at + 1u)
        assertIs<NextAction.Send>(next, "no lane stayed taken")
        companion.lock()
        assertFailsWith<CountersignException.NotUnlocked> { companion.events().takeWhile { true }.toList() }
    }

    @Test
    fun whoEndsTheCollectionCancelsWhatIsUnderWay() = scenario {
        val switch = Switch()
        val device = device(transport = switch).enrolled()
        val companion = device.companion
        val endless = Endless()
        switch.to = endless
        val due = companion.nextAction(Attention.WAITING)
        if (due is NextAction.WaitUntil) device.clock.at = due.at
        val collecting = launch(Dispatchers.Default) { companion.events().collect { error("nothing comes: $it") } }
        endless.begun.await()
        collecting.cancelAndJoin()
        endless.wasCancelled.await()
        assertIs<NextAction.Send>(companion.nextAction(Attention.WAITING), "the lane is free again")
    }
}
