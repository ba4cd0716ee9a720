package app.countersign.core

import java.io.File

// The examples of docs/api/kotlin.md, word for word.

suspend fun createOrOpen(path: String): Companion {
    if (File(path).exists()) return Companion.open(vaultAt(path), defaultPorts())
    val code = RecoveryCode.generate()
    println("Keep this safe: ${code.format().expose()}")
    return Companion.create(vaultAt(path), defaultPorts(), "correct horse".toCharArray(), code)
}

suspend fun isRight(companion: Companion, password: CharArray): Boolean = try {
    companion.unlockWithPassword(password)
    true
} catch (error: CountersignException.Vault) {
    if (error.fault == VaultError.WrongPassword) false else throw error
}

fun scanned(luma: ByteArray, width: UInt, height: UInt): Reading? = try {
    examine(readFrame(direct(luma), width, height, width).first().text.expose())
} catch (_: QrException.NoCode) {
    null
}

fun addAll(companion: Companion, reading: Reading): List<RecordId> = companion.add(reading).map { added ->
    when (added) {
        is Added.New -> added.id
        is Added.AlreadyHere -> added.id
    }
}

suspend fun showCodes(companion: Companion) = companion.ticks().collect { codes ->
    for (code in codes) println("${code.id}: ${code.window.current.expose()}")
}

fun rename(companion: Companion, id: RecordId, issuer: String) {
    companion.edit(id, Edit(issuer = Concealed(issuer)))
}

fun isWell(companion: Companion): Boolean {
    val found = companion.check()
    return found.unreadable.isEmpty() && found.missing.isEmpty() && found.lineage == null
}

fun putBack(place: VaultPlace, code: RecoveryCode): Restored? = snapshots(place).firstOrNull()?.let { newest ->
    restoreSnapshot(place, newest, Credential.Recovery(code), OlderKey.REFUSE, defaultPorts())
}

fun join(companion: Companion, link: String): RecordId? = examine(link).invitation()?.let { invitation ->
    companion.addWork(invitation, NewWork("Phone", "android", "app example 1", KeyPlace.PLATFORM))
}

suspend fun ringing(companion: Companion, show: (Statement) -> Unit) = companion.events().collect { event ->
    if (event is Event.Rings) show(companion.statement(event.statement))
}

suspend fun answer(companion: Companion, id: StatementId, number: String): Outcome? {
    companion.decide(id, Decision.Approve(number))
    companion.settle(Attention.LOOKING)
    return companion.statement(id).outcome
}

suspend fun whileLocked(companion: Companion, key: PlatformKey): List<PorchStatement> {
    companion.openPorch(key)
    return companion.waiting()
}

suspend fun proof(companion: Companion, account: RecordId): String {
    return companion.exportHistory(account).document.expose()
}

suspend fun goAway(companion: Companion, account: RecordId) {
    companion.leave(account)
    companion.settle(Attention.LOOKING)
}

class Doorbell(private val show: (Event) -> Unit) : Notifier {
    override fun notify(event: Event) = show(event)
}

fun said(error: CountersignException): String = when (error) {
    is CountersignException.Closed -> "shut"
    is CountersignException.NotUnlocked -> "locked"
    is CountersignException.NotLocked -> "unlocked already"
    is CountersignException.NoPort -> "no ${error.port}"
    is CountersignException.PortFailed -> "${error.port} failed"
    is CountersignException.Vault -> "the vault: ${error.fault}"
    is CountersignException.Approval -> "the request: ${error.fault}"
    is CountersignException.Key -> "the key: ${error.fault}"
    is CountersignException.NoSuchName -> "no such account"
    is CountersignException.AmbiguousName -> "${error.candidates.size} accounts"
    is CountersignException.NothingToAdd -> "no code"
    is CountersignException.BadHistory -> "the history, from ${error.place.seq} on"
    is CountersignException.Changed -> "look again"
}
