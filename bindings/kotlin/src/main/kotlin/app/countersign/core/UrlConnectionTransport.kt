package app.countersign.core

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.net.HttpURLConnection
import java.net.ProtocolException
import java.net.URL
import java.net.URLConnection
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import kotlinx.coroutines.suspendCancellableCoroutine

/**
 * Posts with [HttpURLConnection], the client that every Android has. TLS, proxies and authorities are the platform's; redirects
 * are not followed, and each request has a connection of its own, so that none is lost on one that died unseen.
 *
 * A coroutine that is cancelled waits no longer, and its connection is cut. On a JVM take `HttpClientTransport`: there
 * [HttpURLConnection] keeps the reason back that comes with a 401, and cuts no answer that stands still in its middle.
 *
 * @param open opens a connection, without connecting it: on Android for instance that of one `Network`.
 */
class UrlConnectionTransport(private val open: (URL) -> URLConnection = URL::openConnection) : Transport {
    override suspend fun post(request: HttpRequest): HttpReply {
        val address = addressOf(request).toURL()
        return inTime(request) {
            suspendCancellableCoroutine { waiting ->
                val exchange = Exchange(open(address) as HttpURLConnection, request)
                // Not on the thread that cancels: to close is to write, which no thread of a screen may.
                waiting.invokeOnCancellation { BACKGROUND.execute { exchange.cut() } }
                BACKGROUND.execute { waiting.resumeWith(runCatching { exchange.reply() }) }
            }
        }
    }
}

/** One request and its answer, on a thread that may be blocked. */
private class Exchange(private val connection: HttpURLConnection, private val request: HttpRequest) {
    @Volatile
    private var isCut = false

    fun cut() {
        isCut = true
        try {
            connection.disconnect()
        } catch (_: RuntimeException) {
            // Whoever waits for the answer may disconnect in the same moment, and a JDK is not made for both.
        }
    }

    fun reply(): HttpReply = try {
        prepare()
        connection.connect()
        goOn()
        connection.outputStream.use {
            goOn()
            it.write(request.body)
        }
        goOn()
        val status = connection.responseCode
        when (status) {
            // What begins like no answer.
            -1 -> throw TransportException.NotHttp()
            in REDIRECTS -> throw TransportException.Redirect()
        }
        HttpReply(
            status = status.toUShort(),
            retryAfterS = connection.getHeaderField("Retry-After")?.let(::secondsFromNow),
            body = body(status),
        )
    } catch (error: IOException) {
        throw named(error)
    } finally {
        connection.disconnect()
    }

    private fun prepare() {
        val limit = (request.timeoutS.toLong() * MILLIS_OF_A_SECOND).coerceAtMost(Int.MAX_VALUE.toLong()).toInt()
        connection.requestMethod = "POST"
        connection.connectTimeout = limit
        connection.readTimeout = limit
        connection.instanceFollowRedirects = false
        connection.useCaches = false
        connection.doOutput = true
        // A body that is not kept is not sent a second time, which the platforms do unseen when a connection ends early.
        connection.setFixedLengthStreamingMode(request.body.size)
        connection.setRequestProperty("Connection", "close")
        connection.setRequestProperty("Content-Type", request.contentType)
        connection.setRequestProperty("Accept", "*/*")
        // Else Android asks for compressed answers, whose length is another than was announced.
        connection.setRequestProperty("Accept-Encoding", "identity")
        connection.setRequestProperty("User-Agent", USER_AGENT)
    }

    private fun body(status: Int): ByteArray {
        val announced = connection.contentLengthLong
        if (announced > 0 && announced.toULong() > request.replyBytesMax) throw TransportException.TooLong()
        val refused = HttpURLConnection.HTTP_BAD_REQUEST
        // There is no stream where a refusal has no body.
        val stream = (if (status >= refused) connection.errorStream else connection.inputStream) ?: return ByteArray(0)
        val whole = ByteArrayOutputStream()
        val piece = ByteArray(PIECE_BYTES)
        while (true) {
            val count = try {
                stream.read(piece)
            } catch (_: ProtocolException) {
                // So Android calls it where an answer ends early.
                throw TransportException.NoConnection()
            }
            if (count < 0) break
            if ((whole.size().toLong() + count).toULong() > request.replyBytesMax) throw TransportException.TooLong()
            goOn()
            whole.write(piece, 0, count)
        }
        // A JDK takes the end of the connection for that of the answer.
        if (whole.size() < announced) throw TransportException.NoConnection()
        return whole.toByteArray()
    }

    /** Ends what nobody waits for any more. */
    private fun goOn() {
        if (isCut) throw IOException()
    }
}

private val BACKGROUND = Dispatchers.IO.asExecutor()

private const val PIECE_BYTES = 8_192
