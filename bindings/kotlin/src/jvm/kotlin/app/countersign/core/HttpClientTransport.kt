package app.countersign.core

import java.io.IOException
import java.net.http.HttpClient
import java.net.http.HttpResponse
import java.net.http.HttpTimeoutException
import java.nio.ByteBuffer
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionException
import java.util.concurrent.CompletionStage
import java.util.concurrent.Flow
import kotlinx.coroutines.suspendCancellableCoroutine

/**
 * Posts with the JDK's HTTP client. TLS trusts what the system trusts; redirects are not followed, and no cookie is kept.
 *
 * A coroutine that is cancelled ends its request.
 */
class HttpClientTransport(client: HttpClient.Builder = HttpClient.newBuilder()) : Transport {
    private val client = client.followRedirects(HttpClient.Redirect.NEVER).build()

    override suspend fun post(request: HttpRequest): HttpReply {
        val asked = java.net.http.HttpRequest.newBuilder(addressOf(request))
            // Over TLS both sides agree on a version; without it, nobody is asked to change.
            .version(if (request.url.startsWith("https:")) HttpClient.Version.HTTP_2 else HttpClient.Version.HTTP_1_1)
            .header("Content-Type", request.contentType)
            .header("User-Agent", USER_AGENT)
            .timeout(Duration.ofSeconds(request.timeoutS.toLong()))
            .POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(request.body))
            .build()
        // The client's own limit ends with the headers; this one is for the whole answer.
        return inTime(request) {
            try {
                val answer = client.sendAsync(asked) { head -> begin(head.statusCode(), request.replyBytesMax) }.awaitOrCut()
                HttpReply(
                    status = answer.statusCode().toUShort(),
                    retryAfterS = answer.headers().firstValue("Retry-After").orElse(null)?.let(::secondsFromNow),
                    body = answer.body(),
                )
            } catch (_: HttpTimeoutException) {
                throw TransportException.TimedOut()
            } catch (error: IOException) {
                throw named(error)
            }
        }
    }

    private fun begin(status: Int, bytesMax: ULong): HttpResponse.BodySubscriber<ByteArray> =
        Limited(if (status in REDIRECTS) TransportException.Redirect() else null, bytesMax)
}

/** Waits for an answer; who is cancelled ends its request, which `await` would leave to itself. */
private suspend fun <T> CompletableFuture<T>.awaitOrCut(): T = suspendCancellableCoroutine { waiting ->
    waiting.invokeOnCancellation { cancel(true) }
    whenComplete { answer, error ->
        waiting.resumeWith(if (error == null) Result.success(answer) else Result.failure((error as? CompletionException)?.cause ?: error))
    }
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
