package app.countersign.core

import java.nio.file.Path
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import uniffi.empty.nothing

private const val TURNS = 11
private const val ACCOUNTS = 1_000
private val NOW: UnixSeconds = 1_800_000_000u

/** What is measured, how often in a turn, and how often before. */
private class Work(val name: String, val times: Int, val warmUp: Int, val run: () -> Unit)

/** The time, a period later at each call: every code changes, which is when a list and a tick are dearest. */
private class Changes {
    private var now = NOW
    fun next(): UnixSeconds = now.also { now += 30u }
}

/** Nanoseconds of one call: the middle one of several. */
private fun turn(times: Int, run: () -> Unit): Long = LongArray(times) {
    val began = System.nanoTime()
    run()
    System.nanoTime() - began
}.sorted()[times / 2]

/** Calls to a vault of a thousand accounts, warm. */
private fun warm(folder: Path) {
    val code = RecoveryCode.generate()
    val place = vaultAt(folder.resolve("vault").toString())
    runBlocking { Companion.create(place, Ports(SystemClock), recovery = code) }.use { companion ->
        repeat(ACCOUNTS) {
            val key = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
            companion.add(examine("otpauth://totp/Service%20$it:person.$it@example.org?secret=$key&issuer=Service%20$it"))
        }
        check(companion.list(NOW).size == ACCOUNTS && companion.codes(NOW).size == ACCOUNTS)
        val changes = Changes()
        val works = listOf(
            Work("list", 51, 2_000) { companion.list(changes.next()) },
            Work("tick", 51, 2_000) { companion.codes(changes.next()) },
            Work("empty", 1_001, 20_000) { nothing() },
        )
        for (work in works) repeat(work.warmUp) { work.run() }
        val measured = works.associate { it.name to mutableListOf<Long>() }
        repeat(TURNS) {
            for (work in works) measured.getValue(work.name) += turn(work.times, work.run)
        }
        for ((name, turns) in measured) println("$name ${turns.joinToString(" ")}")
    }
}

/** The first call of this process, with all that loads before it. */
private fun first(call: () -> Unit) {
    val began = System.nanoTime()
    call()
    println("first ${System.nanoTime() - began}")
}

/** For `cargo xtask bench`: a line a measure, its name and the nanoseconds of each turn. */
fun main(arguments: Array<String>) {
    when (arguments.joinToString(" ")) {
        "first countersign" -> first { trashDays() }
        "first empty" -> first { nothing() }
        else -> if (arguments.size == 2 && arguments[0] == "warm") {
            warm(Path.of(arguments[1]))
        } else {
            System.err.println("warm FOLDER, first countersign or first empty")
            exitProcess(2)
        }
    }
}
