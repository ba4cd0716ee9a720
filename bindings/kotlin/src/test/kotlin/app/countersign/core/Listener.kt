package app.countersign.core

import java.io.IOException
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread

/** Hears requests on this machine, and answers each one as it is told; null ends the connection without a word. */
class Listener(private val answer: (place: Int) -> String?) : AutoCloseable {
    private val socket = ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress())
    private val connections = CopyOnWriteArrayList<Socket>()
    private val threads = CopyOnWriteArrayList<Thread>()
    val url: String = "http://127.0.0.1:${socket.localPort}/v1/fetch"

    /** The requests that came whole, each with its head and body. */
    val requests = CopyOnWriteArrayList<String>()

    private val accepting = thread {
        try {
            while (true) socket.accept().let { connections += it; threads += thread { serve(it) } }
        } catch (_: IOException) {
            // It was closed.
        }
    }

    private fun serve(connection: Socket) = connection.use {
        try {
            while (true) {
                requests += request(it) ?: break
                val answered = answer(requests.size) ?: break
                it.getOutputStream().write(answered.toByteArray())
                if ("Connection: close" in answered) break
            }
        } catch (_: IOException) {
            // The other end has gone.
        }
    }

    private fun request(connection: Socket): String? {
        val input = connection.getInputStream()
        val head = StringBuilder()
        while (!head.endsWith("\r\n\r\n")) head.append(input.read().also { if (it < 0) return null }.toChar())
        val length = Regex("(?i)content-length: (\\d+)").find(head)?.groupValues?.get(1)?.toInt() ?: 0
        val body = input.readNBytes(length)
        return if (body.size < length) null else head.toString() + body.decodeToString()
    }

    /** Waits until every connection so far has been ended by whoever asked. */
    fun waitForTheEnds() {
        threads.forEach { it.join(ENDS_MS) }
        check(threads.none { it.isAlive }) { "a connection is still open" }
    }

    override fun close() {
        socket.close()
        connections.forEach { it.close() }
        (threads + accepting).forEach { it.join() }
    }

    private companion object {
        const val BACKLOG = 20
        const val ENDS_MS = 20_000L
    }
}
