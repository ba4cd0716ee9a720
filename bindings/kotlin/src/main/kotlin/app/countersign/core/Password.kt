package app.countersign.core

import java.nio.Buffer
import java.nio.ByteBuffer
import java.nio.CharBuffer
import java.nio.charset.CharacterCodingException

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
    val encoded = try {
        Charsets.UTF_8.newEncoder().encode(CharBuffer.wrap(this))
    } catch (_: CharacterCodingException) {
        throw CountersignException.Vault(VaultError.PasswordNotText)
    }
    val bytes = ByteArray(encoded.remaining())
    encoded.get(bytes)
    encoded.array().fill(0)
    return bytes
}
