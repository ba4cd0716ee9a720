package app.countersign.core

import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.SecureRandom
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicInteger
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.spec.GCMParameterSpec
import kotlin.test.assertEquals

/** A key of a platform that is not there: wraps with AES-GCM, the context as associated data. */
open class WrappingKey(@Volatile var trouble: Throwable? = null) : PlatformKey {
    private val key = KeyGenerator.getInstance("AES").apply { init(256) }.generateKey()
    val calls = AtomicInteger()

    override suspend fun wrap(context: ByteArray, secret: ByteArray): ByteArray {
        called()
        val nonce = ByteArray(12).also(SecureRandom()::nextBytes)
        return nonce + cipher(Cipher.ENCRYPT_MODE, nonce, context).doFinal(secret)
    }

    override suspend fun unwrap(context: ByteArray, wrapped: ByteArray): ByteArray {
        called()
        return cipher(Cipher.DECRYPT_MODE, wrapped.copyOf(12), context).doFinal(wrapped, 12, wrapped.size - 12)
    }

    private fun called() {
        calls.incrementAndGet()
        trouble?.let { throw it }
    }

    private fun cipher(mode: Int, nonce: ByteArray, context: ByteArray): Cipher =
        Cipher.getInstance("AES/GCM/NoPadding").apply {
            init(mode, key, GCMParameterSpec(128, nonce))
            updateAAD(context)
        }
}

/** A key store in memory. [before] runs at each call: to count, to call back, to refuse, to wait. */
class MemoryKeys(private val before: suspend (String) -> Unit = {}) : DeviceKeys {
    val keys = ConcurrentHashMap<String, KeyPair>()
    val calls = CopyOnWriteArrayList<String>()

    private suspend fun called(what: String) {
        calls += what
        before(what)
    }

    override suspend fun create(alias: String, request: KeyRequest): MadeKey {
        called("create")
        assertEquals(32, request.challenge.size)
        val made = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
        assertEquals(null, keys.putIfAbsent(alias, made))
        val presence = if (request.presence) Presence.EACH_USE else Presence.NONE
        return MadeKey(uncompressed(made.public as ECPublicKey), Protection.HARDWARE, presence, null)
    }

    override suspend fun exists(alias: String): Boolean {
        called("exists")
        return keys.containsKey(alias)
    }

    override suspend fun sign(alias: String, message: ByteArray): ByteArray {
        called("sign")
        val key = keys[alias] ?: throw DeviceKeyException.Invalidated()
        return Signature.getInstance("SHA256withECDSA").apply {
            initSign(key.private)
            update(message)
        }.sign()
    }

    override suspend fun delete(alias: String) {
        called("delete")
        keys.remove(alias)
    }
}

private fun uncompressed(key: ECPublicKey): ByteArray {
    fun coordinate(number: java.math.BigInteger): ByteArray {
        val bytes = number.toByteArray()
        // Without a sign, and of full length.
        return ByteArray(32).also { bytes.takeLast(32).toByteArray().copyInto(it, 32 - minOf(32, bytes.size)) }
    }
    return byteArrayOf(4) + coordinate(key.w.affineX) + coordinate(key.w.affineY)
}

/** Anchors in memory, compared and replaced as the port asks. */
class MemoryAnchor : Anchor {
    val stored = ConcurrentHashMap<String, ByteArray>()
    var before: () -> Unit = {}

    override fun read(vault: VaultId): ByteArray? {
        before()
        return stored[vault]
    }

    override fun replace(vault: VaultId, expected: ByteArray?, anchor: ByteArray, flush: Boolean): StoredAnchor {
        before()
        if (!stored[vault].contentEquals(expected)) return StoredAnchor.CHANGED
        stored[vault] = anchor
        return StoredAnchor.DONE
    }
}
