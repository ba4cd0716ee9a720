package app.countersign.core

import java.io.IOException
import java.net.ProtocolException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpResponse
import java.net.http.HttpTimeoutException
import java.nio.ByteBuffer
import java.security.cert.CertificateException
import java.time.DateTimeException
import java.time.Duration
import java.time.Instant
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionStage
import java.util.concurrent.Flow
import javax.net.ssl.SSLException
import javax.net.ssl.SSLHandshakeException
import javax.net.ssl.SSLPeerUnverifiedException
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.future.await
import kotlinx.coroutines.withTimeoutOrNull

/**
 * Posts with the JDK's HTTP client. TLS trusts what the system trusts; redirects are not followed, and no cookie is kept.
 *
 * A coroutine that is cancelled ends its request.
 */
class HttpClientTransport(client: HttpClient.Builder = HttpClient.newBuilder()) : Transport {
    private val client = client.followRedirects(HttpClient.Redirect.NEVER).build()

    override suspend fun post(request: HttpRequest): HttpReply {
        val asked = java.net.http.HttpRequest.newBuilder(URI(request.url))
            // Over TLS both sides agree on a version; without it, nobody is asked to change.
            .version(if (request.url.startsWith("https:")) HttpClient.Version.HTTP_2 else HttpClient.Version.HTTP_1_1)
            .header("Content-Type", request.contentType)
            .timeout(Duration.ofSeconds(request.timeoutS.toLong()))
            .POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(request.body))
            .build()
        val answer = try {
            // The client's own limit ends with the headers; this one is for the whole answer.
            withTimeoutOrNull(request.timeoutS.toLong().seconds) {
                client.sendAsync(asked) { head -> begin(head.statusCode(), request.replyBytesMax) }.await()
            }
        } catch (error: IOException) {
            throw named(error)
        } ?: throw TransportException.TimedOut()
        return HttpReply(
            status = answer.statusCode().toUShort(),
            retryAfterS = answer.headers().firstValue("Retry-After").orElse(null)?.let(::secondsFromNow),
            body = answer.body(),
        )
    }

    private fun begin(status: Int, bytesMax: ULong): HttpResponse.BodySubscriber<ByteArray> =
        Limited(if (status in REDIRECTS) TransportException.Redirect() else null, bytesMax)
}

/** A body of limited length; or none at all, where the answer is [refused] by its head. */
private class Limited(private val refused: TransportException?, private val bytesMax: ULong) :
    HttpResponse.BodySubscriber<ByteArray> {
    private val whole = CompletableFuture<ByteArray>()
    private val pieces = ArrayList<ByteArray>()
    private var length = 0
    private var subscription: Flow.Subscription? = null

    override fun getBody(): CompletionStage<ByteArray> = whole

    override fun onSubscribe(begun: Flow.Subscription) {
        subscription = begun
        if (refused == null) begun.request(Long.MAX_VALUE) else end(refused)
    }

    override fun onNext(buffers: List<ByteBuffer>) {
        for (buffer in buffers) {
            if ((length.toLong() + buffer.remaining()).toULong() > bytesMax) return end(TransportException.TooLong())
            length += buffer.remaining()
            pieces += ByteArray(buffer.remaining()).also(buffer::get)
        }
    }

    override fun onError(error: Throwable) {
        whole.completeExceptionally(error)
    }

    override fun onComplete() {
        val body = ByteBuffer.allocate(length)
        pieces.forEach(body::put)
        whole.complete(body.array())
    }

    private fun end(why: TransportException) {
        // Only the first end counts; what the client says of the one that we made does not.
        whole.completeExceptionally(Ended(why))
        subscription?.cancel()
    }
}

/** Carries what was found through the client, which wraps what it does not know. */
private class Ended(val why: TransportException) : IOException()

private fun named(error: IOException): TransportException {
    val causes = generateSequence<Throwable>(error) { it.cause }.take(CAUSES_MAX).toList()
    causes.firstNotNullOfOrNull { it as? Ended }?.let { return it.why }
    fun isAny(isMeant: (Throwable) -> Boolean) = causes.any(isMeant)
    return when {
        isAny { it is HttpTimeoutException } -> TransportException.TimedOut()
        isAny { it is CertificateException || it is SSLHandshakeException || it is SSLPeerUnverifiedException } ->
            TransportException.Certificate()
        isAny { it is SSLException } -> TransportException.NoConnection()
        isAny { it is ProtocolException } -> TransportException.NotHttp()
        else -> TransportException.NoConnection()
    }
}

/** `Retry-After` as seconds from now: a number, or a date (RFC 9110 §10.2.3); null where it is neither. */
private fun secondsFromNow(retryAfter: String): ULong? {
    val text = retryAfter.trim()
    if (text.isNotEmpty() && text.all { it in '0'..'9' }) return text.toULongOrNull() ?: ULong.MAX_VALUE
    return try {
        val at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()
        Duration.between(Instant.now(), at).seconds.coerceAtLeast(0).toULong()
    } catch (_: DateTimeException) {
        null
    }
}

private val REDIRECTS = 300..399

/** Chains of causes are short; one that goes in a circle is not followed for ever. */
private const val CAUSES_MAX = 10
