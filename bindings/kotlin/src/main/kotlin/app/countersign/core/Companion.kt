package app.countersign.core

import java.nio.ByteBuffer
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.coroutines.CoroutineContext
import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.withContext

/**
 * A vault and everything one can do with it.
 *
 * `use` and [close] forget every key and close the file, whoever still holds the object; each step after that throws
 * [CountersignException.Closed]. Safe to share between threads and coroutines. What waits for a port suspends, and asks
 * the vault on [Dispatchers.IO]; a cancelled coroutine leaves everything as it was stored. Passwords that are given as characters
 * are derived from on [Dispatchers.Default]; a derivation that has begun is finished, and a cancellation is thrown after it: what was
 * changed stays changed.
 *
 * Everything else blocks, and reads or writes the vault's file: call it where files may be read, not on a thread that draws.
 * Most of it is short. A password that is given as bytes blocks for most of a second. What writes all of the vault anew or copies it
 * ([renewKey], [forgetOtherDevices], [removeSlot], [changeRecoveryCode], [snapshot]) and what reads all of it ([check],
 * [verifyHistory]) takes the longer the more is in it.
 */
class Companion private constructor(handle: Long) : CompanionHandle(UniffiWithHandle, handle) {
    private val watching = CopyOnWriteArrayList<() -> Unit>()

    /**
     * The codes now, and again each time when one of them changes, or accounts come or go; ends when none changes by itself.
     *
     * Throws what [codes] throws: where the vault is locked or shut, [CountersignException.NotUnlocked] or
     * [CountersignException.Closed], at once.
     *
     * @param millis what time it is, in Unix milliseconds. The clock port is not asked, for it has whole seconds: where it is not the
     * system's, give its time here too.
     * @param context where the vault is asked.
     */
    fun ticks(
        millis: () -> Long = System::currentTimeMillis,
        context: CoroutineContext = Dispatchers.IO,
    ): Flow<List<AccountCodes>> = ticksOf(this, millis).flowOn(context)

    /**
     * What happens with work accounts, for as long as it is collected: requests that come, and what became of them.
     *
     * Each account's two lanes are worked at once, so that asking holds up no answer, and a decision is sent as soon as [decide]
     * has stored it. Who ends the collection cancels what is under way; nothing that was stored is lost.
     *
     * For one collector: each event is given once, so that two who collect share them and neither has all. Several screens take
     * `shareIn` of one flow, with `catch` before it: what is thrown ends the scope else.
     *
     * Throws what [nextAction] and [doAction] throw, [CountersignException.Closed] and [CountersignException.NotUnlocked] among
     * them, which end it in any case.
     *
     * @param millis what time it is, in Unix milliseconds, as the clock port has it: for how long to wait.
     * @param context where the vault is asked.
     * @param onTrouble is told what could not be done for one account, as when the person turned down a prompt, and all goes on;
     * without it the first such trouble is thrown, behind the events that are there already.
     */
    fun events(
        attention: Attention = Attention.WAITING,
        millis: () -> Long = System::currentTimeMillis,
        context: CoroutineContext = Dispatchers.IO,
        onTrouble: ((CountersignException) -> Unit)? = null,
    ): Flow<Event> = eventsOf(this, attention, millis, onTrouble).flowOn(context)

    /**
     * Unlocks with a password, which takes most of a second. What is wrong with it is in [CountersignException.Vault].
     *
     * Where the coroutine is cancelled meanwhile, the vault that it has unlocked is locked again before the cancellation is thrown.
     */
    suspend fun unlockWithPassword(password: CharArray, now: UnixSeconds? = null): Unit =
        madeOrUndone(Dispatchers.Default, { lock() }) { waking { password.lend { super.unlockWithPassword(it, now) } } }

    /**
     * The same with the UTF-8 bytes of a password, which their owner wipes. It blocks for most of a second: not on a thread that
     * draws. With characters it suspends.
     */
    override fun unlockWithPassword(password: ByteBuffer, now: UnixSeconds?): Unit =
        waking { super.unlockWithPassword(password, now) }

    /**
     * Adds a password as a way to unlock, and gives the id of its slot.
     *
     * Where the coroutine is cancelled while the key is derived, the password is there all the same.
     */
    suspend fun addPassword(password: CharArray, kdf: KdfParams? = null, now: UnixSeconds? = null): RecordId =
        withContext(Dispatchers.Default) { password.lend { super.addPassword(it, kdf, now) } }

    /** The same with the UTF-8 bytes of a password, which their owner wipes. It blocks for most of a second. */
    override fun addPassword(password: ByteBuffer, kdf: KdfParams?, now: UnixSeconds?): RecordId =
        super.addPassword(password, kdf, now)

    /**
     * Puts a new password in the place of the old one, and a new key in the vault.
     *
     * Where the coroutine is cancelled while the key is derived, it is the new password that holds all the same.
     */
    suspend fun changePassword(
        newPassword: CharArray,
        damaged: Damaged,
        kdf: KdfParams? = null,
        now: UnixSeconds? = null,
    ): Rotated = withContext(Dispatchers.Default) { newPassword.lend { super.changePassword(it, damaged, kdf, now) } }

    /** The same with the UTF-8 bytes of a password, which their owner wipes. It blocks for most of a second. */
    override fun changePassword(newPassword: ByteBuffer, damaged: Damaged, kdf: KdfParams?, now: UnixSeconds?): Rotated =
        super.changePassword(newPassword, damaged, kdf, now)

    /** Takes what a push brought, as it came. Gives whether it was meant for an account here. */
    fun bell(payload: ByteArray, now: UnixSeconds? = null): Boolean = bell(direct(payload), now)

    /** [CompanionState.CLOSED] also after [close]. */
    override fun state(): CompanionState = try {
        super.state()
    } catch (_: CountersignException.Closed) {
        CompanionState.CLOSED
    }

    /** Forgets every key and closes the file; once more is no error. */
    override fun shut() {
        try {
            super.shut()
        } catch (_: CountersignException.Closed) {
            // It is what was asked for.
        }
        wake()
    }

    /** As [close]. */
    override fun destroy() {
        shut()
        super.destroy()
    }

    override fun abortMove(id: RecordId, now: UnixSeconds?): Unit = waking { super.abortMove(id, now) }

    override fun add(reading: Reading, now: UnixSeconds?): List<Added> = waking { super.add(reading, now) }

    override fun addChosen(reading: Reading, places: List<UInt>, now: UnixSeconds?): List<Added> =
        waking { super.addChosen(reading, places, now) }

    override fun addWork(invitation: Invitation, new: NewWork, now: UnixSeconds?): RecordId =
        waking { super.addWork(invitation, new, now) }

    override fun beginMove(id: RecordId, now: UnixSeconds?): Unit = waking { super.beginMove(id, now) }

    override fun bell(payload: ByteBuffer, now: UnixSeconds?): Boolean = waking { super.bell(payload, now) }

    override fun confirmMove(id: RecordId, check: Typed, now: UnixSeconds?): Unit = waking { super.confirmMove(id, check, now) }

    override suspend fun addPlatformKey(key: PlatformKey, kind: SlotKind): RecordId = there { super.addPlatformKey(key, kind) }

    override suspend fun checkKeys(): UInt = there { waking { super.checkKeys() } }

    override suspend fun decide(id: StatementId, decision: Decision): Unit = there { waking { super.decide(id, decision) } }

    override suspend fun doAction(action: NextAction, attention: Attention): Settled = there { super.doAction(action, attention) }

    override suspend fun exportHistory(account: RecordId?): ExportedHistory = there { super.exportHistory(account) }

    override fun giveUp(errand: Errand): Unit = waking { super.giveUp(errand) }

    override fun leave(id: RecordId, now: UnixSeconds?): Unit = waking { super.leave(id, now) }

    override fun lock(): Unit = waking { super.lock() }

    override suspend fun makeKeys(account: RecordId): Unit = there { waking { super.makeKeys(account) } }

    override suspend fun offlineResponse(id: StatementId): Concealed = there { super.offlineResponse(id) }

    override suspend fun openPorch(key: PlatformKey): Unit = there { waking { super.openPorch(key) } }

    /** As in the core; where a cancelled coroutine does not get the request any more, its lane is free again. */
    override suspend fun prepare(account: RecordId, lane: Lane, attention: Attention): OutgoingRequest =
        madeOrUndone(Dispatchers.IO, { giveUp(it.errand) }) { super.prepare(account, lane, attention) }

    override fun purgeExpired(now: UnixSeconds?) = waking { super.purgeExpired(now) }

    override fun refresh(): Boolean = waking { super.refresh() }

    override fun remove(id: RecordId, now: UnixSeconds?): UnixSeconds = waking { super.remove(id, now) }

    override suspend fun removeKeys(account: RecordId): Unit = there { waking { super.removeKeys(account) } }

    override fun restore(id: RecordId, now: UnixSeconds?): Unit = waking { super.restore(id, now) }

    override fun restoreWork(id: RecordId, now: UnixSeconds?): Unit = waking { super.restoreWork(id, now) }

    override fun ringAt(address: RingAddress?, now: UnixSeconds?): Unit = waking { super.ringAt(address, now) }

    override fun scanStatement(link: String, testMode: Boolean, now: UnixSeconds?): StatementId =
        waking { super.scanStatement(link, testMode, now) }

    override suspend fun settle(attention: Attention): Settled = there { super.settle(attention) }

    override fun takeReply(errand: Errand, reply: HttpReply, now: UnixSeconds?): List<Event> =
        waking { super.takeReply(errand, reply, now) }

    override fun takeSilence(errand: Errand, why: Unreachable, now: UnixSeconds?): List<Event> =
        waking { super.takeSilence(errand, why, now) }

    override fun tryAtOnce(): Unit = waking { super.tryAtOnce() }

    /** As in the core; where a cancelled coroutine has unlocked the vault, it is locked again. */
    override suspend fun unlockWithPlatformKey(key: PlatformKey): Unit =
        madeOrUndone(Dispatchers.IO, { lock() }) { waking { super.unlockWithPlatformKey(key) } }

    override fun unlockWithRecovery(code: RecoveryCode, now: UnixSeconds?): Unit = waking { super.unlockWithRecovery(code, now) }

    /** The step, after which whoever collects a flow of this companion looks again, also where it failed half-way. */
    private inline fun <R> waking(step: () -> R): R = try {
        step()
    } finally {
        wake()
    }

    /** Has the vault asked where files may be read and waited for, whoever calls. */
    private suspend inline fun <R> there(crossinline step: suspend () -> R): R = withContext(Dispatchers.IO) { step() }

    private fun wake() = watching.forEach { it() }

    /** Has [waker] called after each step that may have changed what a flow gives next, for as long as [work] runs. */
    internal inline fun watched(noinline waker: () -> Unit, work: () -> Unit) {
        watching += waker
        try {
            work()
        } finally {
            watching -= waker
        }
    }

    /** How a companion is made. */
    companion object Making {
        /**
         * Makes a vault where there is none, and leaves it unlocked; with a password, a recovery code that the person has stored
         * already, or both. With a password it takes most of a second.
         *
         * Where the coroutine is cancelled meanwhile, the companion that nobody gets is closed, and the vault stands: what comes next
         * is [open].
         *
         * Throws [CountersignException.Vault], among them [VaultError.NoWayIn] without both: no vault was made then.
         */
        suspend fun create(
            place: VaultPlace,
            ports: Ports,
            password: CharArray? = null,
            recovery: RecoveryCode? = null,
            kdf: KdfParams? = null,
            now: UnixSeconds? = null,
        ): app.countersign.core.Companion {
            val context = if (password == null) Dispatchers.IO else Dispatchers.Default
            return madeOrUndone(context, Made::close) {
                val secret = password?.utf8()
                try {
                    owned(CompanionHandle.create(place, ports, secret, recovery, kdf, now))
                } finally {
                    secret?.fill(0)
                }
            }
        }

        /**
         * Opens a vault's file without a secret.
         *
         * Throws [CountersignException.Vault] with what is wrong with the file, which is untouched.
         */
        fun open(place: VaultPlace, ports: Ports): app.countersign.core.Companion =
            owned(CompanionHandle.open(place, ports))

        private fun owned(made: CompanionHandle): app.countersign.core.Companion = made.use { Made(it.uniffiCloneHandle()) }
    }
}

/** What [step] makes elsewhere. A cancelled coroutine does not get it any more: then it is undone, for nobody else will. */
private suspend fun <R : Any> madeOrUndone(context: CoroutineContext, undo: (R) -> Unit, step: suspend () -> R): R {
    var made: R? = null
    try {
        withContext(context) { made = step() }
    } catch (error: CancellationException) {
        try {
            made?.let(undo)
        } catch (undone: CountersignException) {
            // Who shut the companion meanwhile has undone it.
            if (undone !is CountersignException.Closed) error.addSuppressed(undone)
        }
        throw error
    }
    return checkNotNull(made) { "it was made, or the error was thrown" }
}

// Inside the class its own name means the companion object that it inherits.
private typealias Made = Companion

/** The same bytes where the core can read them without a copy: pictures, frames, pushes. */
fun direct(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).put(bytes).apply { toBeRead() }

/** A vault's file with the anchor that shows older copies of it in a folder beside it. */
fun vaultAt(path: String): VaultPlace = VaultPlace(path, "$path.anchors")
