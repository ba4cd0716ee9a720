package app.countersign.core

import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.test.AfterTest
import kotlin.test.BeforeTest
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.withContext

/** Ports: what they throw, what they call, and what works without them. */
class PortsTest : Desk() {
    private lateinit var server: Server

    @BeforeTest
    fun startTheServer() {
        server = Server()
    }

    @AfterTest
    fun endTheServer() = server.close()

    /** What no port declares. */
    private class Undeclared : Exception(MARKED)

    private val badTransport = object : Transport {
        override suspend fun post(request: HttpRequest): HttpReply = throw Undeclared()
    }

    private val badNotifier = object : Notifier {
        override fun notify(event: Event): Unit = throw Undeclared()
    }

    private val badAnchor = object : Anchor {
        override fun read(vault: VaultId): ByteArray? = throw Undeclared()

        override fun replace(vault: VaultId, expected: ByteArray?, anchor: ByteArray, flush: Boolean): StoredAnchor =
            throw Undeclared()
    }

    private class BadClock : StillClock() {
        @Volatile
        var isBad = false

        override fun now(): UnixSeconds = if (isBad) throw Undeclared() else super.now()
    }

    @Test
    fun whatAPortThrowsIsOneErrorWithoutItsText() {
        val said = ByteArrayOutputStream()
        val (out, err) = System.out to System.err
        PrintStream(said).let {
            System.setOut(it)
            System.setErr(it)
        }
        try {
            throwing()
        } finally {
            System.setOut(out)
            System.setErr(err)
        }
        assertFalse(MARKED in said.toString(), "the bindings print no exception of a port's either")
    }

    private fun throwing() = scenario {
        var trouble: Throwable? = null
        val clock = BadClock()
        val keys = MemoryKeys { trouble?.let { throw it } }
        val device = Device(server, folder, clock = clock, deviceKeys = keys).enrolled()
        val asked = server.ask()
        val statement = device.only()
        val companion = device.companion

        clock.isBad = true
        assertEquals(Port.CLOCK, failedPort { companion.list() })
        assertEquals(Port.CLOCK, failedPort { companion.decide(statement.id, Decision.Deny) })
        assertEquals(emptyList(), companion.list(NOW))
        clock.isBad = false

        // An error that is no exception must not hang what waits for the port.
        for (thrown in listOf(Undeclared(), NotImplementedError(MARKED))) {
            trouble = thrown
            assertEquals(Port.DEVICE_KEYS, failedPort { companion.decide(statement.id, Decision.Deny) })
            assertEquals(Port.DEVICE_KEYS, failedPort { companion.checkKeys() })
        }
        assertNull(companion.statement(statement.id).cannotApprove)
        trouble = null

        val key = WrappingKey(Undeclared())
        assertEquals(Port.PLATFORM_KEY, failedPort { companion.addPlatformKey(key, SlotKind.PLATFORM) })
        key.trouble = null
        companion.addPlatformKey(key, SlotKind.PLATFORM)
        companion.lock()
        key.trouble = Undeclared()
        assertEquals(Port.PLATFORM_KEY, failedPort { companion.unlockWithPlatformKey(key) })
        key.trouble = null
        companion.unlockWithPlatformKey(key)
        device.decide(statement, Decision.Approve(asked.text("number")))
        assertEquals("approved", server.outcome(asked))
        device.close()
        reopened(device)
    }

    /** The same vault with a transport, a notifier and an anchor that fail. */
    private suspend fun reopened(device: Device) {
        val asked = server.ask()
        Companion.open(device.place, device.ports.copy(transport = badTransport)).use {
            it.unlockWithRecovery(device.code)
            assertEquals(setOf(Port.TRANSPORT), it.settle(Attention.LOOKING).failedPorts())
            assertNotNull(it.workAccount(device.work).unreachableSince)
        }
        Companion.open(device.place, device.ports.copy(notifier = badNotifier, anchor = badAnchor)).use {
            it.unlockWithRecovery(device.code)
            val rung = it.settle(Attention.LOOKING)
            assertEquals(setOf(Port.NOTIFIER), rung.failedPorts())
            assertIs<Event.Rings>(rung.events.single(), "what was stored is told all the same")
            val statement = it.pending().single()
            it.decide(statement.id, Decision.Approve(asked.text("number")))
            assertEquals(setOf(Port.NOTIFIER), it.settle(Attention.LOOKING).failedPorts())
            assertEquals(Outcome.Approved, it.statement(statement.id).outcome)
        }
    }

    @Test
    fun aTroubleIsToldAndTheEventsGoOn() = scenario {
        val device = Device(server, folder).enrolled()
        device.close()
        suspend fun answered(onTrouble: ((CountersignException) -> Unit)?): List<Event> {
            val asked = server.ask()
            val seen = mutableListOf<Event>()
            Companion.open(device.place, device.ports.copy(notifier = badNotifier)).use { companion ->
                companion.unlockWithRecovery(device.code)
                companion.tryAtOnce()
                companion.events(onTrouble = onTrouble).takeWhile { it !is Event.Outcome }.collect {
                    seen += it
                    if (it is Event.Rings) companion.decide(it.statement, Decision.Approve(asked.text("number")))
                }
                if (onTrouble != null) assertEquals("approved", server.outcome(asked))
            }
            return seen
        }
        val troubles = CopyOnWriteArrayList<CountersignException>()
        assertIs<Event.Rings>(answered(troubles::add).single())
        assertEquals(setOf(Port.NOTIFIER), Settled(emptyList(), troubles).failedPorts())
        val thrown = assertFailsWith<CountersignException.PortFailed> { answered(null) }
        assertEquals(Port.NOTIFIER, thrown.port)
    }

    /** Calls the companion from inside a port, and notes which did. */
    private class CallingBack {
        @Volatile
        var companion: Companion? = null
        var personal: RecordId = ""
        val called: MutableSet<String> = ConcurrentHashMap.newKeySet()
        private val isInside = AtomicBoolean()

        fun from(port: String) {
            val companion = companion ?: return
            if (!isInside.compareAndSet(false, true)) return
            try {
                if (companion.state() == CompanionState.UNLOCKED) {
                    companion.list(NOW)
                    companion.edit(personal, Edit(note = Concealed(port)), NOW)
                    called += port
                } else {
                    companion.hasPassword()
                    called += "$port, locked"
                }
            } finally {
                isInside.set(false)
            }
        }
    }

    @Test
    fun everyPortMayCallTheCompanionBack() = scenario {
        val back = CallingBack()
        val clock = object : StillClock() {
            override fun now(): UnixSeconds {
                back.from("clock")
                return super.now()
            }
        }
        val transport = object : Transport {
            private val own = HttpClientTransport()

            override suspend fun post(request: HttpRequest): HttpReply {
                back.from("transport")
                return own.post(request).also { back.from("transport, after") }
            }
        }
        val notifier = object : Notifier {
            override fun notify(event: Event) = back.from("notifier")
        }
        val key = object : WrappingKey() {
            override suspend fun wrap(context: ByteArray, secret: ByteArray): ByteArray {
                back.from("platform key")
                return super.wrap(context, secret)
            }

            override suspend fun unwrap(context: ByteArray, wrapped: ByteArray): ByteArray {
                back.from("platform key")
                return super.unwrap(context, wrapped)
            }
        }
        val anchor = MemoryAnchor().apply { before = { back.from("anchor") } }
        val keys = MemoryKeys { back.from("device keys, $it") }
        val device = Device(server, folder, "phone", clock, transport, keys, anchor, notifier)
        val companion = device.companion
        back.personal = companion.added()
        back.companion = companion
        device.enrolled()
        val asked = server.ask()
        device.decide(device.only(), Decision.Approve(asked.text("number")))
        companion.addPlatformKey(key, SlotKind.PLATFORM)
        assertEquals(0u, companion.checkKeys())
        companion.lock()
        companion.unlockWithPlatformKey(key)
        companion.leave(device.work)
        device.settle()
        device.settle()
        assertEquals(emptyList(), companion.workAccounts())
        val ports = setOf("clock", "transport", "transport, after", "notifier", "platform key", "anchor") +
            setOf("platform key, locked", "anchor, locked") +
            listOf("create", "sign", "exists", "delete").map { "device keys, $it" }
        assertEquals(emptySet<String>(), ports - back.called)
        device.close()
        back.companion = null
        Companion.open(device.place, device.ports).use {
            it.unlockWithRecovery(device.code)
            assertNull(it.findings().lineage, "the anchor was brought along")
        }
    }

    @Test
    fun noPortIsNeededForCodes() = scenario {
        companion.added()
        assertEquals(1, companion.codes().size)
        fun invitation() =
            assertNotNull(examine(server.ofAccount("invitation").text("link"), true).invitation())
        val invitation = invitation()
        val new = NewWork("x", "x", "x", KeyPlace.SOFTWARE)
        val work = companion.addWork(invitation, new)
        val missing = assertFailsWith<CountersignException.NoPort> { companion.settle(Attention.IDLE) }
        assertEquals(Port.TRANSPORT, missing.port)
        assertEquals(Standing.Enrolling, companion.workAccount(work).standing)
        assertEquals(listOf(work), companion.earlierWork(invitation))
        assertEquals(work, companion.addWork(invitation, new), "one that is begun goes on")
        val second = companion.addWork(invitation(), new.copy(keys = KeyPlace.PLATFORM))
        val refused = assertFailsWith<CountersignException.Key> { companion.makeKeys(second) }
        assertEquals(KeyError.NOT_AVAILABLE, refused.fault)
    }

    @Test
    fun theDefaultTransportsNameWhatWentWrong() = scenario {
        for (transport in listOf(HttpClientTransport(), UrlConnectionTransport())) namesWhatWentWrong(transport)
    }

    private suspend fun namesWhatWentWrong(transport: Transport) {
        // Where the scenario's own time is not: the limits are of real seconds.
        suspend fun post(url: String, timeoutS: UInt = 20u): HttpReply = withContext(Dispatchers.Default) {
            transport.post(HttpRequest(url, "application/jose", byteArrayOf(120), timeoutS, 100_000u))
        }
        val url = "${server.url}/v1/fetch"
        suspend fun named(at: String, timeoutS: UInt = 20u): TransportException {
            val error = assertFailsWith<TransportException> { post(at, timeoutS) }
            assertFalse(server.url in error.toString())
            return error
        }
        suspend fun met(kind: String, vararg more: Pair<String, Any?>): TransportException {
            server.network(kind, *more)
            return named(url)
        }
        assertEquals(400u.toUShort(), post(url).status)
        assertIs<TransportException.Redirect>(met("redirect", "to" to server.url))
        assertIs<TransportException.NotHttp>(met("raw", "text" to "no HTTP at all\r\n\r\n"))
        assertIs<TransportException.NoConnection>(met("drop"))
        assertIs<TransportException.TooLong>(met("endless"))
        assertIs<TransportException.TooLong>(met("huge", "bytes" to 5_000_000))
        server.network("hold")
        assertIs<TransportException.TimedOut>(named(url, timeoutS = 1u))
        server.control("release")
        server.network("unavailable", "retry_after" to "7")
        val answer = post(url)
        assertEquals(503u.toUShort() to 7uL, answer.status to answer.retryAfterS)
        assertIs<TransportException.NoConnection>(named("http://127.0.0.1:9/"))
        assertIs<TransportException.NoConnection>(named("https://no-such-host.invalid/"))
    }

    @Test
    fun aCompanionMayBeLentToManyCoroutines() = scenario {
        companion.added()
        val looked = List(20) {
            async(Dispatchers.IO) { companion.search("alice", NOW).size + companion.list(NOW).size }
        }
        assertEquals(List(20) { 2 }, looked.awaitAll())
        assertTrue(examine(LINK).isAccepted())
    }
}
