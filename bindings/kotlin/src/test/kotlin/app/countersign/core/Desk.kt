package app.countersign.core

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.runTest
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.io.TempDir

val NOW: UnixSeconds = 1_800_000_000u
const val LINK = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example"
const val COUNTER = "otpauth://hotp/Bank:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0"

/** Stands where it was put. */
open class StillClock(@Volatile var at: UnixSeconds = NOW) : Clock {
    override fun now(): UnixSeconds = at
}

/** What the scenarios share: a folder, a vault that only the recovery code opens (no key derivation to wait for). */
abstract class Desk {
    @TempDir
    lateinit var folder: Path

    val code: RecoveryCode = RecoveryCode.generate()
    val place by lazy { VaultPlace(folder.resolve("vault").toString(), folder.resolve("anchors").toString()) }
    private val made = lazy { runBlocking { Companion.create(place, Ports(StillClock()), recovery = code) } }
    val companion by made

    @AfterEach
    fun shutTheVault() {
        if (made.isInitialized()) companion.close()
    }
}

/** Runs a scenario in virtual time; one that hangs fails. */
fun scenario(body: suspend TestScope.() -> Unit) = runTest(timeout = 120.seconds, testBody = body)

/** Waits in real time for what other threads do; what hangs fails. */
fun <R> waiting(work: suspend () -> R): R = runBlocking { withTimeout(60.seconds) { work() } }

/** The id of the account that a link adds. */
fun Companion.added(link: String = LINK): RecordId = (add(examine(link)).single() as Added.New).id

/** The fact about the vault that a step fails with. */
inline fun vaultFault(step: () -> Unit): VaultError = assertFailsWith<CountersignException.Vault> { step() }.fault

/** The fact about an approval that a step fails with. */
inline fun approvalFault(step: () -> Unit): ApprovalFault = assertFailsWith<CountersignException.Approval> { step() }.fault

/** The port that a step fails with; what it threw is nowhere in the error. */
inline fun failedPort(step: () -> Unit): Port {
    val error = assertFailsWith<CountersignException.PortFailed> { step() }
    assertEquals(false, MARKED in error.stackTraceToString())
    return error.port
}

/** The ports that failed in what was done all the same. */
fun Settled.failedPorts(): Set<Port> = troubles.map { assertIs<CountersignException.PortFailed>(it).port }.toSet()

/** What must not be shown anywhere. */
const val MARKED = "MARKED-SECRET-7f3a"
