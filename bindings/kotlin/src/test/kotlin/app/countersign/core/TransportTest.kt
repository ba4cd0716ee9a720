package app.countersign.core

import com.sun.net.httpserver.HttpsConfigurator
import com.sun.net.httpserver.HttpsServer
import java.io.ByteArrayOutputStream
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.InetSocketAddress
import java.net.ProtocolException
import java.net.ServerSocket
import java.net.URL
import java.net.URLConnection
import java.nio.file.Path
import java.security.KeyStore
import java.time.Instant
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import javax.net.ssl.KeyManagerFactory
import javax.net.ssl.SSLContext
import kotlin.concurrent.thread
import kotlin.io.path.inputStream
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** What the default transports send, and what they make of an answer: a JVM's and that of Android alike. */
class TransportTest {
    private fun request(url: String, timeoutS: UInt = 20u, replyBytesMax: ULong = 100u) =
        HttpRequest(url, "application/jose", BODY.toByteArray(), timeoutS, replyBytesMax)

    private fun Transport.posted(url: String, timeoutS: UInt = 20u, replyBytesMax: ULong = 100u): HttpReply =
        waiting { post(request(url, timeoutS, replyBytesMax)) }

    private inline fun <reified E : TransportException> Transport.fails(url: String, timeoutS: UInt = 20u) {
        assertIs<E>(assertFailsWith<TransportException> { posted(url, timeoutS) })
    }

    private fun answer(status: String, body: String = "", vararg headers: String): String =
        (listOf("HTTP/1.1 $status", "Content-Length: ${body.length}") + headers).joinToString("\r\n", postfix = "\r\n\r\n$body")

    @ParameterizedTest
    @MethodSource("transports")
    fun aRequestIsSentAsItIsAndTheAnswerComesWhole(transport: Transport) {
        Listener { answer("200 OK", "answer", "Retry-After: 7") }.use { server ->
            val reply = transport.posted(server.url)
            assertEquals(200u.toUShort() to 7uL, reply.status to reply.retryAfterS)
            assertEquals("answer", reply.body.decodeToString())
            val (head, body) = server.requests.single().split("\r\n\r\n")
            assertEquals(BODY, body)
            val lines = head.lowercase().lines()
            assertEquals("post /v1/fetch http/1.1", lines.first())
            assertTrue("content-type: application/jose" in lines, head)
            assertTrue("user-agent: countersign" in lines, "nothing of the platform is said: $head")
            assertFalse(lines.any { it.startsWith("cookie") || "gzip" in it || "java" in it }, head)
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun aRefusalComesWithItsBody(transport: Transport) {
        Listener { answer(if (it == 1) "404 Not Found" else "503 Busy", """{"type": "x"}""") }.use { server ->
            for (status in listOf(404u, 503u)) {
                val reply = transport.posted(server.url)
                assertEquals(status.toUShort() to """{"type": "x"}""", reply.status to reply.body.decodeToString())
                assertNull(reply.retryAfterS)
            }
        }
        Listener { answer("410 Gone") }.use { assertEquals(0, transport.posted(it.url).body.size) }
    }

    @Test
    fun aRequestThatIsRefusedAsUnsignedSaysSo() {
        Listener { answer("401 Unauthorized", "why") }.use { server ->
            assertEquals("why", HttpClientTransport().posted(server.url).body.decodeToString())
            // A JDK keeps the body back; Android does not.
            assertEquals(401u.toUShort(), UrlConnectionTransport().posted(server.url).status)
            assertEquals(2, server.requests.size)
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun aRequestWhoseConnectionEndsIsNotSentAgain(transport: Transport) {
        Listener { null }.use { server ->
            transport.fails<TransportException.NoConnection>(server.url)
            assertEquals(1, server.requests.size)
        }
        // Nor one on a connection that had been kept, and is gone when the answer is waited for.
        Listener { place -> answer("200 OK").takeIf { place == 1 } }.use { server ->
            transport.posted(server.url)
            transport.fails<TransportException.NoConnection>(server.url)
            assertEquals(2, server.requests.size)
        }
    }

    @Test
    fun noConnectionIsKept() {
        Listener { answer("200 OK", "x") }.use { server ->
            repeat(2) { UrlConnectionTransport().posted(server.url) }
            server.waitForTheEnds()
        }
        Listener { answer("500 Oh", "x".repeat(1_000)) }.use { server ->
            UrlConnectionTransport().fails<TransportException.TooLong>(server.url)
            server.waitForTheEnds()
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun aRedirectIsNotFollowed(transport: Transport) {
        Listener { answer("200 OK") }.use { other ->
            for (status in listOf(301, 302, 303, 307, 308)) {
                Listener { answer("$status Elsewhere", "", "Location: ${other.url}") }
                    .use { transport.fails<TransportException.Redirect>(it.url) }
            }
            assertEquals(emptyList<String>(), other.requests)
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun anAnswerIsReadUpToItsLimit(transport: Transport) {
        fun chunked(body: String) = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
            "${body.length.toString(radix = 16)}\r\n$body\r\n"
        val most = "x".repeat(100)
        for (whole in listOf(answer("200 OK", most), chunked(most) + "0\r\n\r\n")) {
            Listener { whole }.use { assertContentEquals(most.toByteArray(), transport.posted(it.url).body) }
        }
        // Its end is not waited for.
        for (long in listOf(answer("200 OK", "x$most"), chunked("x$most"))) {
            Listener { long }.use { transport.fails<TransportException.TooLong>(it.url) }
        }
    }

    @Test
    fun anAnswerThatIsAnnouncedAsTooLongIsNotWaitedFor() {
        Listener { "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" }
            .use { UrlConnectionTransport().fails<TransportException.TooLong>(it.url) }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun anAnswerThatEndsEarlyIsNone(transport: Transport) {
        for (part in listOf("Content-Length: 10", "Transfer-Encoding: chunked")) {
            Listener { "HTTP/1.1 200 OK\r\nConnection: close\r\n$part\r\n\r\n5\r\nxx" }
                .use { transport.fails<TransportException.NoConnection>(it.url) }
        }
    }

    /** Answers as Android's does where a connection ends early. */
    private class Broken(url: URL) : HttpURLConnection(url) {
        override fun connect() = Unit

        override fun disconnect() = Unit

        override fun usingProxy() = false

        override fun getResponseCode() = HTTP_OK

        override fun getOutputStream() = ByteArrayOutputStream()

        override fun getInputStream() = object : InputStream() {
            override fun read(): Int = throw ProtocolException("unexpected end of stream")
        }
    }

    @Test
    fun anAnswerThatEndsEarlyIsNoneOnAndroidEither() {
        UrlConnectionTransport { Broken(it) }.fails<TransportException.NoConnection>("https://server.example/")
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun aCancelledRequestIsCut(transport: Transport) {
        val begun = CountDownLatch(1)
        val silent = CountDownLatch(1)
        Listener {
            begun.countDown()
            silent.await()
            answer("200 OK")
        }.use { server ->
            runBlocking {
                val asking = launch(Dispatchers.IO) { transport.post(request(server.url, timeoutS = 3_600u)) }
                begun.await()
                withTimeout(WAITED_MS) { asking.cancelAndJoin() }
            }
            silent.countDown()
            // What it reads next is the end.
            server.waitForTheEnds()
            assertEquals(1, server.requests.size)
        }
    }

    /** Connects when it is let. */
    private class Slow(url: URL, private val begun: CountDownLatch, private val let: CountDownLatch) : HttpURLConnection(url) {
        val isDisconnected = CountDownLatch(2)

        override fun connect() {
            begun.countDown()
            let.await()
        }

        override fun disconnect() = isDisconnected.countDown()

        override fun usingProxy() = false

        override fun getOutputStream() = error("it was sent")
    }

    @Test
    fun aRequestThatIsCancelledBeforeItsConnectionIsNotSent() {
        val (begun, let) = CountDownLatch(1) to CountDownLatch(1)
        val slow = Slow(URL("https://server.example/"), begun, let)
        runBlocking {
            val asking = launch(start = CoroutineStart.UNDISPATCHED) {
                UrlConnectionTransport { slow as URLConnection }.post(request("https://server.example/"))
            }
            begun.await()
            withTimeout(WAITED_MS) { asking.cancelAndJoin() }
        }
        let.countDown()
        // Once by whoever cancels, and once by whoever connected.
        assertTrue(slow.isDisconnected.await(WAITED_MS, TimeUnit.MILLISECONDS))
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun anAnswerThatComesTooSlowlyIsGivenUp(transport: Transport) {
        val end = CountDownLatch(1)
        Listener {
            end.await()
            null
        }.use { server ->
            transport.fails<TransportException.TimedOut>(server.url, timeoutS = 1u)
            end.countDown()
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun whatIsNoHttpIsNamed(transport: Transport) {
        for (raw in listOf("no HTTP at all\r\n\r\n", "HTTP/1.1 none\r\n\r\n")) {
            Listener { raw }.use { transport.fails<TransportException.NotHttp>(it.url) }
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun nothingGoesToAnotherMachineInTheClear(transport: Transport) {
        val others = listOf("http://server.example/", "http://127.0.0.1.example/", "http://10.0.0.1/", "ftp://127.0.0.1/", "file:/x")
        for (url in others) transport.fails<TransportException.NoConnection>(url)
        UrlConnectionTransport { error("it is not even opened") }.let { closed ->
            for (url in others) closed.fails<TransportException.NoConnection>(url)
        }
    }

    @ParameterizedTest
    @MethodSource("transports")
    fun aCertificateThatIsNotTrustedIsNamed(transport: Transport, @TempDir folder: Path) {
        val store = folder.resolve("own.p12")
        val keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString()
        val making = ProcessBuilder(
            keytool, "-genkeypair", "-keyalg", "EC", "-alias", "own", "-dname", "CN=localhost", "-ext", "san=dns:localhost",
            "-keystore", store.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD,
        ).redirectErrorStream(true).start()
        assertEquals("", making.inputReader().readText().lines().filter { "rror" in it }.joinToString())
        assertEquals(0, making.waitFor())
        val keys = KeyStore.getInstance("PKCS12").apply { store.inputStream().use { load(it, PASSWORD.toCharArray()) } }
        val managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm())
        managers.init(keys, PASSWORD.toCharArray())
        val context = SSLContext.getInstance("TLS").apply { init(managers.keyManagers, null, null) }
        val server = HttpsServer.create(InetSocketAddress("localhost", 0), 0)
        server.httpsConfigurator = HttpsConfigurator(context)
        server.start()
        try {
            transport.fails<TransportException.Certificate>("https://localhost:${server.address.port}/")
        } finally {
            server.stop(0)
        }
        // Who hangs up has none.
        ServerSocket(0).use { socket ->
            val hanging = thread { socket.accept().close() }
            transport.fails<TransportException.NoConnection>("https://localhost:${socket.localPort}/")
            hanging.join()
        }
    }

    @Test
    fun retryAfterIsANumberOrADate() {
        val now = Instant.parse("2027-01-15T08:00:00Z")
        for ((text, seconds) in listOf(
            "7" to 7uL,
            " 0 " to 0uL,
            "99999999999999999999999" to ULong.MAX_VALUE,
            "Fri, 15 Jan 2027 08:01:30 GMT" to 90uL,
            "Fri, 15 Jan 2027 07:00:00 GMT" to 0uL,
            "" to null,
            "-1" to null,
            "soon" to null,
            "٣" to null,
        )) {
            assertEquals(seconds, secondsFromNow(text, now), text)
        }
    }

    private companion object {
        const val BODY = "header.payload.signature"
        const val PASSWORD = "changeit"
        const val WAITED_MS = 20_000L

        @JvmStatic
        fun transports() = listOf(HttpClientTransport(), UrlConnectionTransport())
    }
}
