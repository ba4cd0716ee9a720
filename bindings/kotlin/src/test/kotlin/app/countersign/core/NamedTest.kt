package app.countersign.core.elsewhere

import app.countersign.core.Companion as Countersign
import app.countersign.core.CompanionState
import app.countersign.core.Ports
import app.countersign.core.RecoveryCode
import app.countersign.core.SystemClock
import app.countersign.core.vaultAt
import app.countersign.core.waiting
import java.nio.file.Path
import kotlin.test.Test
import kotlin.test.assertEquals
import org.junit.jupiter.api.io.TempDir

/** A class that has a companion object of its own takes the package's under another name. */
class NamedTest {
    companion object {
        suspend fun made(path: String): Countersign =
            Countersign.create(vaultAt(path), Ports(SystemClock), recovery = RecoveryCode.generate())
    }

    @Test
    fun aClassWithACompanionObjectOfItsOwnHasTheCompanionUnderAnotherName(@TempDir folder: Path) {
        val path = folder.resolve("vault").toString()
        waiting { made(path) }.use { assertEquals(CompanionState.UNLOCKED, it.state()) }
        Countersign.open(vaultAt(path), Ports(SystemClock)).use { assertEquals(CompanionState.LOCKED, it.state()) }
    }
}
