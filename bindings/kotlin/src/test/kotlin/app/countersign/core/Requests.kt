package app.countersign.core

import java.nio.file.Path
import java.util.Base64
import kotlin.test.AfterTest
import kotlin.test.BeforeTest
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.io.TempDir

/** What scenarios of sign-ins share: a server, and devices that are shut in the end. */
abstract class Requests {
    @TempDir
    lateinit var folder: Path
    lateinit var server: Server
    private val devices = ArrayList<Device>()

    @BeforeTest
    fun startTheServer() {
        server = Server()
    }

    @AfterTest
    fun endAll() {
        devices.forEach { it.close() }
        server.close()
    }

    /** A device that is not enrolled yet. */
    fun device(name: String = "phone", transport: Transport = HttpClientTransport(), deviceKeys: DeviceKeys? = null): Device =
        Device(server, folder, name, transport = transport, deviceKeys = deviceKeys).also(devices::add)

    /** What the server pushes to a device: its token stands in the last message of where to ring. */
    fun bell(): ByteArray {
        val request = requests("delivery").last().text("request")
        val claims = Json.parseToJsonElement(Base64.getUrlDecoder().decode(request.split(".")[1]).decodeToString())
        val token = claims.jsonObject.getValue("delivery").text("bell")
        return """{"v":1,"bell":"$token"}""".encodeToByteArray()
    }

    fun requests(path: String) = server.control("requests", "path" to path).jsonObject.getValue("requests").jsonArray
}
