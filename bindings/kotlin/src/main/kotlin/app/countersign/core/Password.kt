package app.countersign.core

import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.CharBuffer

/**
 * Lends the password's UTF-8 bytes to the core, where nothing copies them, and wipes them afterwards. The characters are their
 * owner's to wipe.
 *
 * Throws [CountersignException.Vault] with [VaultError.PasswordNotText] for half of a surrogate pair.
 */
internal inline fun <R> CharArray.lend(step: (ByteBuffer) -> R): R {
    val bytes = utf8()
    val lent = ByteBuffer.allocateDirect(bytes.size)
    try {
        lent.put(bytes)
        lent.toBeRead()
        return step(lent)
    } finally {
        lent.toBeWritten()
        while (lent.hasRemaining()) lent.put(0)
        bytes.fill(0)
    }
}

// By their names in ByteBuffer itself these two are missing before Android 13.
internal fun Buffer.toBeRead() = flip()

internal fun Buffer.toBeWritten() = clear()

/** The characters as UTF-8, in an array of their own. */
internal fun CharArray.utf8(): ByteArray {
    val encoder = Charsets.UTF_8.newEncoder()
    // Room for all of it at once: an array that grows leaves copies behind.
    val room = ByteBuffer.allocate(size * encoder.maxBytesPerChar().toInt())
    try {
        val isText = encoder.encode(CharBuffer.wrap(this), room, true).isUnderflow && encoder.flush(room).isUnderflow
        if (!isText) throw CountersignException.Vault(VaultError.PasswordNotText)
        return room.array().copyOf(room.position())
    } finally {
        room.array().fill(0)
    }
}
