package app.countersign.core

import java.io.IOException
import java.net.ProtocolException
import java.net.SocketTimeoutException
import java.net.URI
import java.security.cert.CertPathValidatorException
import java.security.cert.CertificateException
import java.time.DateTimeException
import java.time.Duration
import java.time.Instant
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter
import javax.net.ssl.SSLPeerUnverifiedException
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.withTimeoutOrNull

// What holds for HTTP on every platform.

/** Says neither which version of the platform asks nor on which device. */
internal const val USER_AGENT = "countersign"

internal val REDIRECTS = 300..399

/** The request's address; without TLS it is one of this machine, or nothing is sent. */
internal fun addressOf(request: HttpRequest): URI {
    val address = URI(request.url)
    val isAllowed = when (address.scheme) {
        "https" -> true
        "http" -> address.host.orEmpty().let { it == "localhost" || it == "[::1]" || LOOPBACK.matches(it) }
        else -> false
    }
    return if (isAllowed) address else throw TransportException.NoConnection()
}

/** Waits no longer than the request allows, from its beginning to the end of the answer. */
internal suspend fun inTime(request: HttpRequest, exchange: suspend () -> HttpReply): HttpReply =
    withTimeoutOrNull(request.timeoutS.toLong().seconds) { exchange() } ?: throw TransportException.TimedOut()

/** What it means that a client failed with [error]; what it says of it may hold anything. */
internal fun named(error: IOException): TransportException {
    val causes = generateSequence<Throwable>(error) { it.cause }.take(CAUSES_MAX).toList()
    causes.firstNotNullOfOrNull { it as? Ended }?.let { return it.why }
    fun isAny(isMeant: (Throwable) -> Boolean) = causes.any(isMeant)
    return when {
        isAny { it is SocketTimeoutException } -> TransportException.TimedOut()
        isAny { it is CertificateException || it is CertPathValidatorException || it is SSLPeerUnverifiedException } ->
            TransportException.Certificate()
        isAny { it is ProtocolException } -> TransportException.NotHttp()
        else -> TransportException.NoConnection()
    }
}

/** Carries what was found through a client, which wraps what it does not know. */
internal class Ended(val why: TransportException) : IOException()

/** `Retry-After` as seconds from now: a number, or a date (RFC 9110 §10.2.3); null where it is neither. */
internal fun secondsFromNow(retryAfter: String, now: Instant = Instant.now()): ULong? {
    val text = retryAfter.trim()
    if (text.isNotEmpty() && text.all { it in '0'..'9' }) return text.toULongOrNull() ?: ULong.MAX_VALUE
    return try {
        val at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()
        Duration.between(now, at).seconds.coerceAtLeast(0).toULong()
    } catch (_: DateTimeException) {
        null
    }
}

private val LOOPBACK = Regex("""127(\.\d{1,3}){3}""")

/** Chains of causes are short; one that goes in a circle is not followed for ever. */
private const val CAUSES_MAX = 10
