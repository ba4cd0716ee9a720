package app.countersign.core

/** The system's clock. */
object SystemClock : Clock {
    override fun now(): UnixSeconds = unixSeconds(System.currentTimeMillis())
}

/** The whole seconds of a time in milliseconds. */
internal fun unixSeconds(millis: Long): UnixSeconds = Math.floorDiv(millis, MILLIS_OF_A_SECOND).coerceAtLeast(0).toULong()

/** How long it is from a time in milliseconds to the beginning of a second, in milliseconds; 0 where that is over. */
internal fun millisUntil(at: UnixSeconds, fromMillis: Long): Long {
    // Far ahead is as good as for ever, and does not overflow.
    val seconds = at.coerceAtMost((Long.MAX_VALUE / MILLIS_OF_A_SECOND).toULong()).toLong()
    return (seconds * MILLIS_OF_A_SECOND - fromMillis).coerceAtLeast(0)
}

internal const val MILLIS_OF_A_SECOND = 1_000L
