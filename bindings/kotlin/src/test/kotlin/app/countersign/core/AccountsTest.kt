package app.countersign.core

import kotlin.coroutines.EmptyCoroutineContext
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.test.currentTime

/** Code accounts: added, listed, changed, used, removed. */
class AccountsTest : Desk() {
    @Test
    fun anAccountIsAddedListedAndExported() {
        val id = companion.added()
        val row = companion.list().single()
        assertEquals(id, row.id)
        assertEquals("Example" to "alice", row.issuer.expose() to row.account.expose())
        assertEquals(OtpKind.Totp(Algorithm.SHA1, 6u, 30u), row.kind)
        assertEquals(NOW, row.createdAt)
        assertNull(row.trashedAt)
        assertFalse(row.hasNote)
        val link = companion.exportUri(id).expose()
        assertTrue("secret=JBSWY3DPEHPK3PXP" in link)
        assertEquals(examine(LINK).accounts(), examine(link).accounts())
        assertEquals(row, companion.row(id))
        val unknown = assertFailsWith<CountersignException.Vault> { companion.row("no id at all") }
        assertEquals(VaultError.NoSuchAccount, unknown.fault)
    }

    @Test
    @OptIn(ExperimentalCoroutinesApi::class)
    fun codesChangeAtTheirSecond() = scenario {
        companion.added()
        val begin = NOW / 30u * 30u
        val first = companion.codes(begin).single().window
        val last = companion.codes(begin + 29u).single().window
        val after = companion.codes(begin + 30u).single().window
        assertEquals(first, last)
        assertEquals(begin + 30u, first.changesAt)
        assertEquals(begin + 30u, companion.nextChange(begin))
        assertEquals(first.next, after.current)
        assertEquals(begin + 60u, after.changesAt)
        val millis = { begin.toLong() * 1_000 + 250 + currentTime }
        val ticks = companion.ticks(millis, EmptyCoroutineContext).take(2).toList()
        assertEquals(listOf(first, after), ticks.map { it.single().window })
        assertEquals(29_750, currentTime, "the second tick comes with the change, not a moment later")
        companion.remove(companion.find("alice"))
        assertEquals(listOf(emptyList()), companion.ticks(millis, EmptyCoroutineContext).toList())
    }

    @Test
    fun theSameAccountIsAddedOnceAndAnotherKeyBesideIt() {
        val id = companion.added()
        assertEquals(Added.AlreadyHere(id, false), companion.add(examine(LINK)).single())
        val other = examine(LINK.replace("JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ"))
        val prospect = companion.prospects(other).single()
        assertEquals(listOf(id), prospect.sameNames)
        assertNull(prospect.alreadyHere)
        assertEquals(listOf(id), assertIs<Added.New>(companion.add(other).single()).sameNames)
        val renamed = examine(LINK.replace("alice", "carol"))
        assertEquals(listOf(id), companion.prospects(renamed).single().sameSecret)
        assertFailsWith<CountersignException.NothingToAdd> { companion.addChosen(renamed, listOf(1u)) }
        val chosen = companion.addChosen(renamed, listOf(0u)).single()
        assertEquals(listOf(id), assertIs<Added.New>(chosen).sameSecret)
        assertEquals(3, companion.list().size)
    }

    @Test
    fun anAccountIsEditedSearchedAndFound() {
        val alice = companion.added()
        val bob = companion.added(LINK.replace("alice", "bob"))
        val tags = listOf("Work", "Work", "").map(::Concealed)
        companion.edit(alice, Edit(issuer = Concealed("Ångström"), note = Concealed("keep me"), tags = tags, pinned = true))
        val row = companion.row(alice)
        assertEquals("Ångström", row.issuer.expose())
        assertEquals(listOf("Work"), row.tags.map { it.expose() })
        assertTrue(row.pinned && row.hasNote)
        assertEquals("alice", row.account.expose())
        assertEquals("keep me", companion.note(alice).expose())
        assertEquals(listOf(alice), companion.search("ANGSTROM keep").map { it.id })
        assertEquals(emptyList(), companion.search("nobody"))
        assertEquals(listOf(bob, bob, bob), listOf("bob", "Example:bob", bob).map { companion.find(it) })
        assertFailsWith<CountersignException.NoSuchName> { companion.find("nobody") }
        val carol = companion.added(LINK.replace("alice", "bobby"))
        val several = assertFailsWith<CountersignException.AmbiguousName> { companion.find("bob") }
        assertEquals(listOf(bob, carol), several.candidates)
        companion.edit(carol, Edit(position = 0u))
        assertEquals(listOf(alice, carol, bob), companion.list().map { it.id })
        val tooLong = vaultFault { companion.edit(bob, Edit(issuer = Concealed("x".repeat(2_000)))) }
        assertEquals(VaultError.NameTooLong(2_000u, 1_024u), tooLong)
    }

    @Test
    fun aCounterMovesOnBeforeItsCodeIsShown() {
        val id = companion.added(COUNTER)
        val codes = List(3) { companion.nextHotp(id, DoubtfulCounter.REFUSE) }
        val shown = codes.map { it.counter to it.code.expose() }
        assertEquals(listOf(0uL to "755224", 1uL to "287082", 2uL to "359152"), shown)
        assertEquals(3uL, assertIs<OtpKind.Hotp>(companion.row(id).kind).counter)
        assertNull(companion.row(id).window)
        val byTime = companion.added()
        assertEquals(VaultError.NoCounter, vaultFault { companion.nextHotp(byTime, DoubtfulCounter.REFUSE) })
        val last = COUNTER.replace("bob", "eve").replace("counter=0", "counter=${Long.MAX_VALUE}")
        val end = companion.added(last)
        assertEquals(VaultError.CounterExhausted, vaultFault { companion.nextHotp(end, DoubtfulCounter.REFUSE) })
    }

    @Test
    fun theTrashGivesBackExactlyWhatItTook() {
        val id = companion.added()
        companion.edit(id, Edit(note = Concealed("keep me"), tags = listOf(Concealed("Work"))))
        val before = companion.row(id)
        val day = 86_400uL
        assertEquals(NOW + trashDays() * day, companion.remove(id))
        assertEquals(emptyList(), companion.list())
        assertEquals(emptyList(), companion.codes())
        assertEquals(listOf(id), companion.trash().map { it.id })
        assertEquals(id, companion.findInTrash("alice"))
        assertEquals(Added.AlreadyHere(id, true), companion.add(examine(LINK)).single())
        companion.restore(id)
        assertEquals(before, companion.row(id))
        assertEquals(VaultError.NoSuchAccount, vaultFault { companion.purge(id) })
        companion.remove(id)
        assertEquals(0u, companion.purgeExpired(NOW + 29u * day))
        assertEquals(1u, companion.purgeExpired(NOW + 31u * day))
        assertEquals(emptyList(), companion.trash())
    }

    @Test
    fun namesCodesAndNotesAreRedacted() {
        val id = companion.added()
        companion.edit(id, Edit(note = Concealed("MARKED"), tags = listOf(Concealed("MARKED"))))
        val row = companion.row(id)
        val window = assertNotNull(row.window)
        val secrets = listOf("MARKED", "alice", "Example", "JBSWY3DPEHPK3PXP", window.current.expose())
        val marked = MARKED.encodeToByteArray()
        val shown = listOf<Any>(
            row,
            companion.codes(),
            companion.note(id),
            companion.exportUri(id),
            window,
            Edit(note = Concealed("MARKED")),
        ).joinToString()
        assertEquals(emptyList(), secrets.filter { it in shown })
        assertTrue("[redacted]" in shown)
        val bytes = listOf<Any>(
            Credential.Password(marked),
            Credential.Platform("00", marked),
            RingAddress.WebPush("https://push.example", marked, marked),
            HttpReply(200u, null, marked),
            HttpRequest("https://work.example", "application/jose", marked, 1u, 1u),
        ).joinToString()
        assertFalse(marked.joinToString().take(20) in bytes, bytes)
        val texts = listOf<Any>(
            HttpRequest("https://$MARKED.example", "application/jose", marked, 1u, 1u),
            NewWork(MARKED, "", MARKED, KeyPlace.SOFTWARE),
            MadeKey(marked, Protection.HARDWARE, Presence.EACH_USE, MARKED),
        ).joinToString()
        assertFalse(MARKED in texts || marked.joinToString().take(20) in texts, texts)
    }
}
