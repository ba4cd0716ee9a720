package app.countersign.core

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** A running scripted server (docs/scripted-server.md), whose clock stands at [NOW] until it is put elsewhere. */
class Server : AutoCloseable {
    private val process: Process = ProcessBuilder(PROGRAM).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val client: HttpClient = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()
    val url: String = Json.parseToJsonElement(process.inputReader().readLine()).text("url")
    val account: String

    init {
        control("clock", "set" to NOW.toLong())
        account = control("person", "label" to "alice@work.example").text("account")
    }

    override fun close() {
        process.outputStream.close()
        assertTrue(process.waitFor(20, TimeUnit.SECONDS))
    }

    fun control(name: String, vararg what: Pair<String, Any?>): JsonElement {
        val asked = java.net.http.HttpRequest.newBuilder(URI("$url/control/$name"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json(mapOf(*what)).toString()))
            .build()
        val answer = client.send(asked, BodyHandlers.ofString())
        assertEquals(200, answer.statusCode(), "$name: ${answer.body()}")
        return answer.body().ifEmpty { "null" }.let(Json::parseToJsonElement)
    }

    fun ofAccount(name: String, vararg what: Pair<String, Any?>): JsonElement = control(name, "account" to account, *what)

    /** A sign-in that waits for an answer. */
    fun ask(vararg what: Pair<String, Any?>): JsonElement =
        ofAccount("statement", "act" to "sign_in", "origin" to "work.example", "user" to "alice", *what)

    fun outcome(asked: JsonElement): String = ofAccount("outcome", "statement" to asked.text("id")).text("outcome")

    /** What the next request on a path meets, or all of them. */
    fun network(kind: String, vararg more: Pair<String, Any?>, path: String? = "fetch", always: Boolean = false) {
        val rule = mapOf("kind" to kind, *more)
        val where = listOfNotNull(path?.let { "path" to it }, ("times" to null).takeIf { always })
        control("network", "do" to rule, *where.toTypedArray())
    }

    private companion object {
        val PROGRAM: String = System.getenv("COUNTERSIGN_SCRIPTED") ?: "../../target/debug/countersign-scripted"
    }
}

/** A Kotlin value as JSON. */
private fun json(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is Map<*, *> -> JsonObject(value.entries.associate { (name, member) -> name.toString() to json(member) })
    is Boolean -> JsonPrimitive(value)
    is Number -> JsonPrimitive(value)
    is String -> JsonPrimitive(value)
    else -> error("no JSON for it")
}

/** A member of an object; null where it is missing. */
operator fun JsonElement.get(name: String): JsonElement? = jsonObject[name]

fun JsonElement.text(name: String): String = jsonObject.getValue(name).jsonPrimitive.content

/** A companion with one work account. */
class Device(
    private val server: Server,
    folder: Path,
    private val name: String = "phone",
    val clock: StillClock = StillClock(server.control("clock").text("now").toULong()),
    transport: Transport = HttpClientTransport(),
    deviceKeys: DeviceKeys? = null,
    anchor: Anchor? = null,
    notifier: Notifier? = null,
) : AutoCloseable {
    val ports = Ports(clock, transport, deviceKeys, anchor, notifier)
    val code: RecoveryCode = RecoveryCode.generate()
    val place: VaultPlace
    val companion: Companion
    private val keys = if (deviceKeys == null) KeyPlace.SOFTWARE else KeyPlace.PLATFORM
    lateinit var work: RecordId

    init {
        val own = Files.createDirectories(folder.resolve(name))
        place = VaultPlace(own.resolve("vault").toString(), own.resolve("anchors").toString())
        companion = runBlocking { Companion.create(place, ports, recovery = code) }
    }

    val view: WorkView get() = companion.workAccount(work)

    fun invite(link: String): RecordId {
        val invitation = examine(link, true).invitation() ?: error("no invitation")
        work = companion.addWork(invitation, NewWork(name, "test", "tests 1", keys))
        return work
    }

    /** From invitation to the first approval, a test. */
    suspend fun enrolled(canOffline: Boolean = true): Device {
        invite(server.ofAccount("invitation").text("link"))
        settle()
        assertEquals(Standing.Unconfirmed, view.standing)
        server.ofAccount("confirm", "number" to (view.check?.number?.expose() ?: error("no check number")))
        settle()
        assertEquals(Standing.Confirmed, view.standing)
        val stage = server.ofAccount("look").jsonObject.getValue("devices").jsonArray.last()["stage"]
        val test = pending().single()
        assertTrue(test.isTest)
        decide(test, Decision.Approve(stage?.text("number") ?: error("no test")))
        settle()
        assertEquals(Standing.Active, view.standing)
        assertEquals(canOffline, view.canOffline)
        return this
    }

    /** Does what is due, puts the clocks to when more is, and does that. */
    suspend fun settle(): List<Event> {
        val events = settled()
        val action = companion.nextAction(Attention.LOOKING)
        if (action !is NextAction.WaitUntil) return events
        putClocks(action.at)
        return events + settled()
    }

    private suspend fun settled(): List<Event> {
        val done = companion.settle(Attention.LOOKING)
        assertEquals(emptyList(), done.troubles)
        return done.events
    }

    fun putClocks(at: UnixSeconds) {
        clock.at = at
        server.control("clock", "set" to at.toLong())
    }

    suspend fun pending(): List<Statement> {
        settle()
        return companion.pending()
    }

    /** The one request that waits. */
    suspend fun only(): Statement = pending().single()

    suspend fun decide(statement: Statement, decision: Decision): List<Event> {
        companion.decide(statement.id, decision)
        return settle()
    }

    override fun close() = companion.close()
}

fun outcomes(events: List<Event>): List<Outcome> = events.filterIsInstance<Event.Outcome>().map { it.outcome }
