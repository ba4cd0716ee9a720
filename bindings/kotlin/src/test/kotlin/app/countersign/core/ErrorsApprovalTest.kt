package app.countersign.core

import java.nio.file.Files
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlinx.serialization.json.JsonElement
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.Arguments
import org.junit.jupiter.params.provider.MethodSource

/** What stands against a step of a work account: one case a fact that no other scenario meets. */
class ErrorsApprovalTest : Requests() {
    private fun approve(asked: JsonElement) = Decision.Approve(asked.text("number"))

    @Test
    fun aRequestThatNobodyMadeCannotBeAnswered() = scenario {
        val companion = device().enrolled().companion
        val nobodys = "00".repeat(16)
        assertEquals(ApprovalFault.NoSuchStatement, approvalFault { companion.decide(nobodys, Decision.Deny) })
        assertEquals(ApprovalFault.NoSuchStatement, approvalFault { companion.statement(nobodys) })
    }

    @Test
    fun aRequestIsAnsweredOnce() = scenario {
        val device = device().enrolled()
        val asked = server.ask()
        val statement = device.only()
        device.companion.decide(statement.id, approve(asked))
        for (decision in listOf(Decision.Deny, approve(asked))) {
            assertEquals(ApprovalFault.Answered, approvalFault { device.companion.decide(statement.id, decision) })
        }
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.settle()))
    }

    @Test
    fun aSuspendedAccountDoesNotMove() = scenario {
        val device = device().enrolled()
        server.ofAccount("suspend")
        device.settle()
        assertIs<Standing.Suspended>(device.view.standing)
        assertEquals(ApprovalFault.Suspended, approvalFault { device.companion.beginMove(device.work) })
        server.ofAccount("resume")
        device.settle()
        device.companion.beginMove(device.work)
    }

    @Test
    fun anAccountThatIsNotActiveDoesNotMove() {
        val device = device()
        val work = device.invite(server.ofAccount("invitation").text("link"))
        assertEquals(ApprovalFault.NotActive, approvalFault { device.companion.beginMove(work) })
        assertEquals(Standing.Planned, device.view.standing)
    }

    @Test
    fun aRequestUnderANewKeyMeansConnectOnce() = scenario {
        val device = device().enrolled()
        server.control("rotate")
        val link = server.ask().text("link")
        assertEquals(ApprovalFault.ConnectOnce, approvalFault { device.companion.scanStatement(link, true) })
        device.settle()
        device.companion.scanStatement(link, true)
    }

    @Test
    fun anOrganisationWithoutOfflineResponsesGetsNone() = scenario {
        server.control("rules", "offline" to false)
        val device = device().enrolled(canOffline = false)
        val asked = server.ask()
        val statement = device.only()
        assertEquals(ApprovalFault.NoOffline, approvalFault { device.companion.offlineResponse(statement.id) })
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(statement, approve(asked))))
    }

    @Test
    fun moreOpenRequestsThanAreKeptAreNotScanned() = scenario {
        val companion = device().enrolled().companion
        fun scanned(): StatementId {
            val asked = server.ask()
            // The server forgets it, which the device does not hear.
            server.ofAccount("withdraw", "statement" to asked.text("id"))
            return companion.scanStatement(asked.text("link"), true)
        }
        val ids = List(64) { scanned() }
        assertEquals(ApprovalFault.TooMany, approvalFault { scanned() })
        assertEquals(ids.toSet(), companion.pending().map { it.id }.toSet())
    }

    @Test
    fun aStepThatFailsHalfWayIsAReasonToLookAgainToo() = scenario {
        val companion = device().companion
        var woken = 0
        companion.watched({ woken += 1 }) {
            assertFailsWith<CountersignException.Approval> { companion.scanStatement("", true) }
            assertEquals(1, woken)
            assertFailsWith<CountersignException.Approval> { companion.decide("00".repeat(16), Decision.Deny) }
            assertEquals(2, woken)
            companion.lock()
            assertFailsWith<CountersignException.Vault> { companion.unlockWithRecovery(RecoveryCode.generate()) }
            assertEquals(4, woken)
        }
    }

    private fun refusing(error: TransportException) = object : Transport {
        override suspend fun post(request: HttpRequest): HttpReply = throw error
    }

    private suspend fun Companion.fetched(work: RecordId): Settled =
        doAction(NextAction.Send(work, Lane.ASK), Attention.LOOKING)

    @ParameterizedTest
    @MethodSource("silences")
    fun aServerThatCannotBeReachedIsNoError(error: TransportException) = scenario {
        val device = device().enrolled()
        device.close()
        Companion.open(device.place, device.ports.copy(transport = refusing(error))).use {
            it.unlockWithRecovery(device.code)
            assertEquals(Settled(emptyList(), emptyList()), it.fetched(device.work))
            val view = it.workAccount(device.work)
            assertNotNull(view.unreachableSince)
            assertEquals(Standing.Active, view.standing)
        }
    }

    /** Also with the variants for what it does not declare. */
    @Test
    fun aPortThatSaysThatItFailedHasFailed() = scenario {
        val clock = object : StillClock() {
            var trouble: Exception? = null

            override fun now(): UnixSeconds = trouble?.let { throw it } ?: super.now()
        }
        val code = RecoveryCode.generate()
        val place = VaultPlace(Files.createDirectory(folder.resolve("own")).resolve("vault").toString())
        Companion.create(place, Ports(clock), recovery = code).use {
            it.lock()
            for (error in listOf(PortException.Failed(), PortException.Unexpected())) {
                clock.trouble = error
                assertEquals(Port.CLOCK, failedPort { it.unlockWithRecovery(code) })
            }
            it.unlockWithRecovery(code, NOW)
            val key = WrappingKey(WrapException.Unexpected())
            val failed = assertFailsWith<CountersignException.PortFailed> { it.addPlatformKey(key, SlotKind.PLATFORM) }
            assertEquals(Port.PLATFORM_KEY, failed.port)
            assertEquals(1, it.slots().size)
        }

        var trouble: Exception? = null
        val device = device(deviceKeys = MemoryKeys { trouble?.let { throw it } }).enrolled()
        // Another port's error is not declared either.
        for (error in listOf(DeviceKeyException.Unexpected(), PortException.Failed())) {
            trouble = error
            assertEquals(Port.DEVICE_KEYS, failedPort { device.companion.checkKeys() })
        }
        trouble = null
        assertEquals(0u, device.companion.checkKeys())
        device.close()
        val deaf = refusing(TransportException.Unexpected())
        Companion.open(device.place, device.ports.copy(transport = deaf)).use {
            it.unlockWithRecovery(device.code)
            assertEquals(setOf(Port.TRANSPORT), it.fetched(device.work).failedPorts())
        }
    }

    @ParameterizedTest
    @MethodSource("attacks")
    fun aHistoryThatIsNotAsItWasWrittenSaysWhere(attack: String, seq: Long, fault: ChainFault) = scenario {
        val device = device().enrolled()
        device.close()
        device.place.attacked(attack)
        Companion.open(device.place, device.ports).use {
            it.unlockWithRecovery(device.code)
            val steps = listOf<suspend () -> Any>(
                { it.verifyHistory() },
                { it.verifyHistoryChain() },
                { it.exportHistory(null) },
            )
            for (step in steps) {
                val bad = assertFailsWith<CountersignException.BadHistory> { step() }
                assertEquals(BadEntry(seq.toULong(), EntryFault.Chain(fault)), bad.place)
            }
        }
    }

    // Inside the class its own name would be in the way of the package's `Companion`.
    private companion object Cases {
        @JvmStatic
        fun silences() = listOf(
            TransportException.NoConnection(),
            TransportException.TimedOut(),
            TransportException.Certificate(),
            TransportException.Redirect(),
            TransportException.TooLong(),
            TransportException.NotHttp(),
        )

        @JvmStatic
        fun attacks() = listOf(
            Arguments.of("DELETE FROM log WHERE seq = 2", 2L, ChainFault.MISSING),
            Arguments.of("UPDATE log SET body = zeroblob(length(body)) WHERE seq = 2", 2L, ChainFault.UNREADABLE),
            Arguments.of("INSERT INTO log SELECT 1000, epoch, nonce, body FROM log WHERE seq = 2", 4L, ChainFault.EXTRA),
        )
    }
}
