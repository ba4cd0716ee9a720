package app.countersign.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/** Sign-ins: from an invitation to a receipt, and how else they end. */
class ApprovalsTest : Requests() {
    @Test
    fun aSignInIsApprovedFromInvitationToReceipt() = scenario {
        val device = device()
        val companion = device.companion
        assertEquals(NextAction.Nothing, companion.nextAction(Attention.IDLE))
        device.enrolled()
        val view = device.view
        assertTrue(view.host.expose() in server.url)
        assertEquals("alice@work.example", view.label.expose())
        assertTrue(view.isTestMode && view.hasSoftwareKeys)
        assertNull(view.check)
        val asked = server.ask()
        val events = device.settle()
        val statement = device.only()
        assertEquals(listOf(statement.id), events.filterIsInstance<Event.Rings>().map { it.statement })
        val lines = statement.lines.associate { it.field to it.text.expose() }
        assertEquals("alice", lines["user"])
        assertTrue("work.example" in lines.getValue("origin"))
        val number = asked.text("number")
        assertEquals(Match.EnterNumber(number.length.toUByte()), statement.matching)
        assertNull(statement.cannotApprove)
        assertFalse(statement.isTest)
        assertEquals(ApprovalFault.Number(6u), approvalFault { device.decide(statement, Decision.Approve("12")) })
        val typed = " ${number.take(3)} ${number.drop(3)} "
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(statement, Decision.Approve(typed))))
        assertEquals("approved", server.outcome(asked))
        assertEquals(emptyList(), companion.pending())
        assertEquals(Outcome.Approved, companion.statement(statement.id).outcome)
        assertEquals(ApprovalFault.Ended, approvalFault { companion.decide(statement.id, Decision.Deny) })
    }

    private suspend fun answered(decision: Decision, outcome: Outcome, atTheServer: String) {
        val device = device().enrolled()
        val asked = server.ask()
        assertEquals(listOf(outcome), outcomes(device.decide(device.only(), decision)))
        assertEquals(atTheServer, server.outcome(asked))
    }

    @Test
    fun aSignInIsDenied() = scenario { answered(Decision.Deny, Outcome.Denied, "denied") }

    @Test
    fun aSignInIsCancelled() = scenario { answered(Decision.Cancel, Outcome.Cancelled, "cancelled") }

    @Test
    fun aSignInIsReportedAndTheAccountIsMute() = scenario {
        val device = device().enrolled()
        server.ask()
        assertEquals(listOf<Outcome>(Outcome.Reported), outcomes(device.decide(device.only(), Decision.Report)))
        assertNotNull(device.view.mutedUntil)
        val asked = server.ask()
        assertEquals("false", asked.text("is_listed"))
        assertEquals(emptyList(), device.pending(), "nobody is asked by somebody else's sign-ins")
        device.companion.scanStatement(asked.text("link"), true)
        val scanned = device.companion.pending().single()
        val approve = Decision.Approve(asked.text("number"))
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(scanned, approve)))
    }

    @Test
    fun aWrongNumberLeavesTries() = scenario {
        val device = device().enrolled()
        val asked = server.ask()
        val statement = device.only()
        val number = asked.text("number")
        val wrong = if (number == "000000") "111111" else "000000"
        val left = outcomes(device.decide(statement, Decision.Approve(wrong)))
        assertEquals(listOf<Outcome>(Outcome.WrongNumber(2u)), left)
        assertEquals(2u.toUByte(), device.only().triesLeft)
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(statement, Decision.Approve(number))))
    }

    @Test
    fun aRequestThatExpiredIsNotApproved() = scenario {
        val device = device().enrolled()
        val asked = server.ask("lifetime_s" to 60)
        val statement = device.only()
        device.clock.at += 90u
        val late = approvalFault { device.companion.decide(statement.id, Decision.Approve(asked.text("number"))) }
        assertTrue(assertIs<ApprovalFault.Expired>(late).agoS in 1uL..90uL)
        device.putClocks(device.clock.at)
        device.settle()
        assertEquals(emptyList(), device.companion.pending())
        assertEquals("expired", server.outcome(asked))
    }

    @Test
    fun aScannedRequestIsAnsweredOffline() = scenario {
        val device = device().enrolled()
        val companion = device.companion
        server.network("drop", path = null, always = true)
        val asked = server.ask()
        val link = asked.text("link")
        assertEquals("alice", assertNotNull(examine(link, true).statement()).user.expose())
        val statement = companion.scanStatement(link, true)
        assertEquals(listOf(statement), companion.pending().map { it.id })
        val response = companion.offlineResponse(statement).expose()
        assertTrue(response.length == 8 && response.all { it in '0'..'9' })
        server.ofAccount("respond", "statement" to asked.text("id"), "response" to response)
        assertEquals("approved", server.outcome(asked))
        server.control("network_clear")
        companion.tryAtOnce()
        device.settle()
        device.settle()
        assertEquals(Outcome.ApprovedOffline, companion.statement(statement).outcome)
        for (text in listOf("", "countersign://approve?s=a.b.c", link.dropLast(4) + "AAAA")) {
            assertEquals(ApprovalFault.NotGenuine, approvalFault { companion.scanStatement(text, true) })
        }
    }

    @Test
    fun aBellIsTakenWithTheVaultOpenAndOnThePorch() = scenario {
        val device = device(deviceKeys = MemoryKeys()).enrolled()
        val companion = device.companion
        companion.ringAt(RingAddress.Gateway("https://ring.example/x"))
        device.settle()
        val bell = bell()
        val unknown = """{"v":1,"bell":"BwcHBwcHBwcHBwcHBwcHBw"}"""
        val newer = bell.decodeToString().replace("\"v\":1", "\"v\":2")
        for (nothing in listOf("", "{}", newer, unknown)) assertFalse(companion.bell(nothing.encodeToByteArray()))
        assertFalse(companion.bell(byteArrayOf(-1)))
        val before = assertIs<NextAction.WaitUntil>(companion.nextAction(Attention.IDLE))
        assertTrue(companion.bell(bell))
        val after = assertIs<NextAction.WaitUntil>(companion.nextAction(Attention.IDLE))
        assertTrue(after.at <= device.clock.at + 1u && device.clock.at + 1u < before.at)

        val key = WrappingKey()
        companion.addPlatformKey(key, SlotKind.PORCH)
        companion.takeOverPorch()
        companion.lock()
        assertFailsWith<CountersignException.NotUnlocked> { companion.bell(bell) }
        assertTrue(companion.hasPorch())
        companion.openPorch(key)
        assertEquals(CompanionState.ON_THE_PORCH, companion.state())
        assertFailsWith<CountersignException.NotUnlocked> { companion.list() }
        assertFailsWith<CountersignException.NotUnlocked> { companion.workAccounts() }
        val asked = server.ask()
        assertTrue(companion.bell(bell))
        device.settle()
        val waiting = companion.waiting().single()
        assertEquals("alice@work.example", waiting.label.expose())
        assertFalse(waiting.isQuiet)
        val statement = companion.pending().single()
        assertEquals(waiting.id, statement.id)
        val approve = Decision.Approve(asked.text("number"))
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(statement, approve)))
        assertEquals("approved", server.outcome(asked))
        companion.unlockWithRecovery(device.code)
        assertEquals(Outcome.Approved, companion.statement(statement.id).outcome)
        val newest = companion.history().map { it.kind }.filterIsInstance<HistoryItemKind.Entry>().first()
        assertEquals(HistoryKind.ANSWERED, newest.kind, "what the porch did is in the history")
        companion.verifyHistory()
    }

    @Test
    fun keysOfThePlatformSignWithNothingHeld() = scenario {
        val seen = ArrayList<Int>()
        lateinit var device: Device
        var personal = ""
        val keys = MemoryKeys { what ->
            val companion = device.companion
            seen += companion.workAccounts().size
            if (what == "sign") companion.edit(personal, Edit(note = Concealed("signed ${seen.size}")))
            withContext(Dispatchers.IO) { companion.list() }
        }
        device = device(deviceKeys = keys)
        personal = device.companion.added()
        device.enrolled()
        assertEquals(2, keys.calls.count { it == "create" })
        assertEquals(2, keys.keys.size)
        val asked = server.ask()
        val approve = Decision.Approve(asked.text("number"))
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(device.only(), approve)))
        assertTrue(seen.size == keys.calls.size && seen.size > 4 && seen.all { it == 1 })
        assertFalse(device.view.hasSoftwareKeys)
        assertEquals(0u, device.companion.checkKeys())
        assertEquals(listOf(device.work), device.companion.exportHistory(null).exported.signed)
        keys.keys.clear()
        assertEquals(1u, device.companion.checkKeys())
        assertEquals(Standing.NeedsReactivation, device.view.standing)
    }

    @Test
    fun aPromptThatWasCancelledCanBeAnsweredAgain() = scenario {
        var trouble: Exception? = null
        val keys = MemoryKeys { what -> trouble?.takeIf { what == "sign" }?.let { throw it } }
        val device = device(deviceKeys = keys).enrolled()
        val companion = device.companion
        val asked = server.ask()
        val statement = device.only()
        val approve = Decision.Approve(asked.text("number"))
        for ((error, said) in listOf(
            DeviceKeyException.Cancelled() to KeyError.CANCELLED,
            DeviceKeyException.Failed() to KeyError.FAILED,
            DeviceKeyException.LockedOut() to KeyError.LOCKED_OUT,
            DeviceKeyException.NotAvailable() to KeyError.NOT_AVAILABLE,
        )) {
            trouble = error
            val refused = assertFailsWith<CountersignException.Key> { companion.decide(statement.id, approve) }
            assertEquals(said, refused.fault)
            assertNull(companion.statement(statement.id).cannotApprove)
        }
        trouble = null
        assertEquals(listOf<Outcome>(Outcome.Approved), outcomes(device.decide(statement, approve)))
        server.ask()
        val other = device.only()
        trouble = DeviceKeyException.Invalidated()
        val gone = assertFailsWith<CountersignException.Key> { companion.decide(other.id, approve) }
        assertEquals(KeyError.INVALIDATED, gone.fault)
        assertEquals(Standing.NeedsReactivation, device.view.standing)
    }
}
