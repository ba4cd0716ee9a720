package app.countersign.core

import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.file.Path
import kotlin.experimental.xor
import kotlin.io.path.copyTo
import kotlin.io.path.exists
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import kotlin.test.BeforeTest
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue

private const val PAGE_BYTES = 4_096
private const val LOG_HEAD_BYTES = 32
private const val FRAME_HEAD_BYTES = 24

/** What the vault says to what a program or a damaged file does: one case a fact that no other scenario meets. */
class ErrorsVaultTest : Desk() {
    private val clock = StillClock()
    private val ports = Ports(clock)
    private val credential = Credential.Recovery(code)
    private val path by lazy { Path.of(place.path) }
    private val log by lazy { path.resolveSibling("vault-wal") }
    private var account: RecordId = ""

    /** A vault with one account, closed. */
    @BeforeTest
    fun makeTheVault() {
        waiting { Companion.create(place, ports, recovery = code) }.use { account = it.added() }
    }

    private fun opened(): Companion = Companion.open(place, ports).apply { unlockWithRecovery(code) }

    private fun Companion.rename(account: RecordId = this@ErrorsVaultTest.account, name: String = "changed") =
        edit(account, Edit(account = Concealed(name)))

    /** The file and its write-ahead log, as a crash leaves them. */
    private fun afterACrash(): Pair<ByteArray, ByteArray> = opened().use {
        it.rename()
        path.readBytes() to log.readBytes()
    }

    @Test
    fun aFileOfAnotherFormatIsNotTouched() {
        val content = path.readBytes()
        ByteBuffer.wrap(content).putInt(60, 0)
        path.writeBytes(content)
        assertEquals(VaultError.VaultTooOld(0u), vaultFault { opened() })
        assertContentEquals(content, path.readBytes())
    }

    @Test
    fun tablesThatAreNoVaultsAreRefused() {
        place.attacked("CREATE TABLE more(a)")
        assertEquals(VaultError.DamagedSchema, vaultFault { opened() })
    }

    @Test
    fun aDamagedLogIsNoSilentRollback() {
        val (file, changes) = afterACrash()
        path.writeBytes(file)
        // In the first page that was changed.
        val at = LOG_HEAD_BYTES + FRAME_HEAD_BYTES + 100
        changes[at] = changes[at] xor 0x10
        log.writeBytes(changes)
        assertEquals(VaultError.DamagedLog, vaultFault { opened() })
        assertContentEquals(changes, log.readBytes())
    }

    @Test
    fun pagesThatSqliteCannotReadAreNamed() {
        val page = place.rootPage("porch")
        val (file, changes) = afterACrash()
        file.fill(0, (page - 1) * PAGE_BYTES, page * PAGE_BYTES)
        path.writeBytes(file)
        // After an unclean end all of it is looked at.
        log.writeBytes(changes)
        opened().use {
            assertTrue(it.findings().structure)
            assertEquals(VaultError.DamagedData, vaultFault { it.rename() })
            assertEquals(1, it.list().size, "what can be read is shown")
        }
    }

    @Test
    fun aSlotThatDoesNotHoldTogetherIsNoWrongPassword() {
        place.attacked("UPDATE slot SET sealed = zeroblob(84)")
        assertEquals(VaultError.DamagedSlot, vaultFault { opened() })
    }

    @Test
    fun afterTenWrongTriesTheNextOneWaits() {
        val wrong = RecoveryCode.generate()
        Companion.open(place, ports).use {
            repeat(10) { _ -> assertEquals(VaultError.WrongPassword, vaultFault { it.unlockWithRecovery(wrong) }) }
            for (tried in listOf(wrong, code)) {
                assertEquals(VaultError.Wait(30u), vaultFault { it.unlockWithRecovery(tried) })
            }
            clock.at += 30u
            it.unlockWithRecovery(code)
        }
    }

    @Test
    fun aVaultThatSomebodyChangedIsReadAndNotWritten() {
        place.attacked("DELETE FROM record WHERE kind = 1")
        opened().use {
            assertEquals(listOf(account), it.findings().missing)
            assertEquals(VaultError.Tampered, vaultFault { it.added(COUNTER) })
            assertEquals(VaultError.Tampered, it.status().writeError)
        }
    }

    @Test
    fun aFileThatWentAnotherWayIsReadAndNotWritten() {
        val elsewhere = VaultPlace(folder.resolve("elsewhere").toString(), folder.resolve("other anchors").toString())
        path.copyTo(Path.of(elsewhere.path))
        opened().use { it.rename() }
        Companion.open(elsewhere, ports).use {
            it.unlockWithRecovery(code)
            for (name in listOf("one", "two", "three")) it.rename(name = name)
        }
        Path.of(elsewhere.path).copyTo(path, overwrite = true)
        opened().use {
            assertEquals(LineageFinding.FORKED, it.findings().lineage)
            assertEquals("three", it.row(account).account.expose())
            assertEquals(VaultError.Forked, vaultFault { it.rename() })
        }
    }

    @Test
    fun aKeyThatWasChangedElsewhereLocksWhoeverHasTheOldOne() {
        opened().use { before ->
            opened().use { it.renewKey(Damaged.REFUSE) }
            assertEquals(VaultError.Locked, vaultFault { before.rename() })
            assertEquals(VaultError.Locked, vaultFault { before.refresh() })
            // It is locked then, and opens again with what opens the new key.
            assertEquals(CompanionState.LOCKED, before.state())
            before.unlockWithRecovery(code)
            assertEquals(listOf(account), before.list().map { it.id })
        }
    }

    @Test
    fun aDamagedRecordIsUnreadableAndInTheWayOfANewKey() {
        place.attacked("UPDATE record SET body = zeroblob(length(body)) WHERE kind = 1")
        opened().use {
            assertEquals(listOf(account), it.findings().unreadable)
            assertEquals(VaultError.UnreadableRecord, vaultFault { it.row(account) })
            assertEquals(VaultError.UnreadableInTheWay(1u), vaultFault { it.renewKey(Damaged.REFUSE) })
            it.added(COUNTER)
        }
    }

    @Test
    fun aSnapshotOfAnOlderKeyOrADamagedOneIsNotRestored() {
        val (snapshot, kept) = opened().use {
            assertTrue(it.snapshot())
            val snapshot = snapshots(place).single()
            val kept = Path.of(snapshot.path).readBytes()
            it.renewKey(Damaged.REFUSE)
            snapshot to kept
        }
        // It went with the old key, and comes from a backup.
        assertFalse(Path.of(snapshot.path).exists())
        Path.of(snapshot.path).writeBytes(kept)
        val file = path.readBytes()
        fun restored() = vaultFault { restoreSnapshot(place, snapshot, credential, OlderKey.REFUSE, ports) }
        assertEquals(VaultError.SnapshotOlderKey, restored())
        Path.of(snapshot.path).writeBytes(ByteArray(2 * PAGE_BYTES))
        assertEquals(VaultError.DamagedSnapshot, restored())
        assertContentEquals(file, path.readBytes())
    }

    @Test
    fun aFileOfZerosGivesNothingBack() {
        val empty = ByteArray(20 * PAGE_BYTES)
        path.writeBytes(empty)
        assertEquals(VaultError.NothingRecovered, vaultFault { examineDamaged(place, credential, ports) })
        val report = SalvageReport(0u, null, emptyList(), emptyList(), emptyList(), null)
        val salvaged = vaultFault { salvage(place, credential, report, Beyond.LEAVE, ports) }
        assertEquals(VaultError.NothingRecovered, salvaged)
        assertContentEquals(empty, path.readBytes())
    }

    @Test
    fun aCounterOfAnOlderFileWaitsForThePersonsWord() {
        val counter = opened().use { it.added(COUNTER) }
        val older = path.readBytes()
        opened().use { repeat(2) { _ -> it.nextHotp(counter, DoubtfulCounter.REFUSE) } }
        path.writeBytes(older)
        opened().use {
            it.accept()
            assertEquals(VaultError.CounterDoubtful, vaultFault { it.nextHotp(counter, DoubtfulCounter.REFUSE) })
            assertEquals(0uL, it.nextHotp(counter, DoubtfulCounter.GO_ON).counter)
        }
    }

    @Test
    fun aFileLargerThanAnyVaultIsNotRead() {
        RandomAccessFile(place.path, "rw").use { it.setLength(1L shl 40) }
        val fault = vaultFault { examineDamaged(place, credential, ports) }
        assertTrue(assertIs<VaultError.FileTooLarge>(fault).maxBytes in 1uL until (1uL shl 40))
    }

    @Test
    fun aVaultHasRoomForTwentyThousandRecords() {
        val batch = MigrationBatch()
        for (index in 0 until 101) {
            val entries = (0 until 200).map { index * 200 + it }.map {
                entry(ByteBuffer.allocate(10).putInt(it).array(), it.toString())
            }
            batch.add(exportLink(entries.reduce(ByteArray::plus), index, 101))
        }
        val whole = batch.complete()
        assertEquals(20_200, whole.accounts().size)
        opened().use {
            assertEquals(VaultError.TooManyRecords(20_000u), vaultFault { it.add(whole) })
            assertEquals(listOf(account), it.list().map { row -> row.id })
        }
    }
}
