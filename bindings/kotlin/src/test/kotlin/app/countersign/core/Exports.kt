package app.countersign.core

import java.util.Base64

/** A field of the export's format (protocol buffers), whose numbers are below 128 here. */
fun field(number: Int, value: Int): ByteArray = byteArrayOf((number shl 3).toByte(), value.toByte())

fun field(number: Int, value: ByteArray): ByteArray =
    byteArrayOf((number shl 3 or 2).toByte(), value.size.toByte()) + value

/** An account of an export: of time, with SHA-1 and six digits. */
fun entry(secret: ByteArray, name: String, issuer: String? = null): ByteArray {
    val issued = issuer?.let { field(3, it.encodeToByteArray()) } ?: ByteArray(0)
    val names = field(2, name.encodeToByteArray()) + issued
    return field(1, field(1, secret) + names + field(4, 1) + field(5, 1) + field(6, 2))
}

/** One link of an export, with these accounts. */
fun exportLink(entries: ByteArray, index: Int, size: Int, batch: Int = 7): String =
    exportLink(entries + field(2, 1) + field(3, size) + field(4, index) + field(5, batch))

/** The link with a payload that may be none. */
fun exportLink(payload: ByteArray): String =
    "otpauth-migration://offline?data=" + Base64.getEncoder().encodeToString(payload).replace("+", "%2B")
