package app.countersign.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject

/** A work account's life beside its sign-ins: where it rings, what is seen, its history, its end and its move. */
class AccountTest : Requests() {
    @Test
    fun theServerHearsWhereToRing() = scenario {
        val device = device().enrolled()
        val companion = device.companion
        for (bad in listOf(
            RingAddress.Gateway("http://ring.example"),
            RingAddress.UnifiedPush("no address"),
            RingAddress.WebPush("https://push.example/a", byteArrayOf(1), byteArrayOf(2)),
        )) {
            assertEquals(ApprovalFault.NotAllowed, approvalFault { companion.ringAt(bad) })
        }
        companion.ringAt(RingAddress.UnifiedPush("https://push.example/a"))
        assertTrue(device.view.mayNotRing)
        device.settle()
        assertFalse(device.view.mayNotRing)
        assertEquals(1, requests("delivery").size)
        companion.ringAt(null)
        device.settle()
        assertEquals(2, requests("delivery").size)
    }

    @Test
    fun whatTheOrganisationSeesIsShown() = scenario {
        val device = device().enrolled()
        val companion = device.companion
        val disclosure = companion.disclosure(device.work)
        assertTrue(disclosure.sent.containsAll(listOf(Sent.PUBLIC_KEYS, Sent.DEVICE_NAME)))
        assertFalse(Sent.PUSH_ADDRESS in disclosure.sent)
        assertTrue(disclosure.rules.containsAll(listOf(Rule.OfflineAllowed, Rule.NumberDigits(6u))))
        assertTrue(companion.mayExportWork(device.work))
        assertEquals(ApprovalFault.NoSuchAccount, approvalFault { companion.disclosure("00".repeat(16)) })
    }

    @Test
    fun theHistoryIsReadCheckedAndExported() = scenario {
        val device = device().enrolled()
        val companion = device.companion
        val asked = server.ask()
        device.decide(device.only(), Decision.Approve(asked.text("number")))
        val items = companion.history()
        assertEquals((items.size downTo 1).map { it.toULong() }, items.map { it.seq })
        val newest = assertIs<HistoryItemKind.Entry>(items.first().kind)
        assertEquals(HistoryDecision.APPROVE to HistoryOutcome.APPROVED, newest.decision to newest.outcome)
        assertEquals("alice", newest.about.user.expose())
        assertEquals(items.take(1), companion.history(device.work, 1u))
        val names = companion.historyNames().single()
        assertEquals(device.work to "alice@work.example", names.account to names.label.expose())
        val report = companion.verifyHistory()
        assertEquals(items.size.toULong() to 0uL, report.chain.entries to report.unproven)
        assertEquals(report.chain.entries, companion.verifyHistoryChain().entries)
        assertTrue(report.chain.head.contentEquals(companion.verifyHistoryChain().head))
        val exported = companion.exportHistory(device.work)
        assertEquals(items.size.toULong() to listOf(device.work), exported.exported.entries to exported.exported.signed)
        val lines = exported.document.expose().trim().lines().map(Json::parseToJsonElement)
        assertEquals("history" to "end", lines.first().text("line") to lines.last().text("line"))
        assertFalse("alice" in exported.toString())
    }

    @Test
    fun anAccountLeavesItsServer() = scenario {
        val device = device().enrolled()
        val companion = device.companion
        companion.trashWork(device.work)
        assertEquals(ApprovalFault.InTrash, approvalFault { companion.trashWork(device.work) })
        server.ask()
        assertEquals(emptyList(), device.pending(), "in the trash it is mute")
        companion.restoreWork(device.work)
        companion.leave(device.work)
        assertTrue(device.view.isLeaving)
        device.settle()
        device.settle()
        assertEquals(emptyList(), companion.workAccounts())
        val there = server.ofAccount("look").jsonObject.getValue("devices").jsonArray
        assertFalse("active" in there.map { it.jsonObject.getValue("stage").text("is") })
        assertTrue(companion.history().isNotEmpty(), "what happened stays")
    }

    @Test
    fun anAccountMovesToAnotherDevice() = scenario {
        val device = device().enrolled()
        val old = device.companion
        assertEquals(ApprovalFault.NoMove, approvalFault { old.confirmMove(device.work, "123456") })
        old.beginMove(device.work)
        device.settle()
        device.settle()
        val invited = assertIs<MovingView.Invited>(device.view.moving)
        val second = device("second")
        second.invite(invited.invitation.expose())
        second.settle()
        val check = assertNotNull(second.view.check)
        assertEquals(ApprovalFault.CheckNumber, approvalFault { old.confirmMove(device.work, "12") })
        device.putClocks(second.clock.at)
        old.confirmMove(device.work, check.number.expose())
        device.settle()
        device.settle()
        val testing = assertIs<MovingView.Testing>(device.view.moving)
        second.putClocks(device.clock.at)
        second.settle()
        second.decide(second.only(), Decision.Approve(testing.number.expose()))
        assertEquals(Standing.Active, second.view.standing)
        device.putClocks(second.clock.at)
        device.settle()
        device.settle()
        assertIs<Standing.Moved>(device.view.standing)
    }
}
