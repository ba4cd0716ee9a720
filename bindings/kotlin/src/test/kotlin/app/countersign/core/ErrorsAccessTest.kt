package app.countersign.core

import com.sun.jna.Function
import com.sun.jna.Platform
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import kotlin.io.path.setPosixFilePermissions
import kotlin.test.BeforeTest
import kotlin.test.Test
import kotlin.test.assertEquals

private const val ROOT = 0
private const val NOBODY = 65_534

/** Files that the system does not let the vault have. */
class ErrorsAccessTest : Desk() {
    private fun allow(modes: String, path: Path) {
        path.setPosixFilePermissions(PosixFilePermissions.fromString(modes))
    }

    /** A vault in a folder that everybody may enter, with a lock that everybody may take. */
    @BeforeTest
    fun makeTheVault() {
        companion.close()
        allow("rwxr-xr-x", folder)
        allow("rw-rw-rw-", folder.resolve("vault.lock"))
    }

    /**
     * Whose rights this thread has with files from now on; gives whose it had. Only root may change that: to it no mode of a file
     * says no.
     */
    private fun filesAs(user: Int): Int =
        if (Platform.isLinux()) Function.getFunction("c", "setfsuid").invokeInt(arrayOf(user)) else user

    private fun openedBy(user: Int, place: VaultPlace): VaultError {
        val before = filesAs(user)
        try {
            return vaultFault { Companion.open(place, Ports(StillClock())) }
        } finally {
            filesAs(before)
        }
    }

    private fun openedByNobody(): VaultError {
        // Nobody may not be let in to where the classes lie: what opens and fails is loaded before.
        assertEquals(VaultError.NoVault, openedBy(ROOT, VaultPlace(folder.resolve("none").toString())))
        return openedBy(NOBODY, place)
    }

    @Test
    fun aFileThatMayNotBeReadIsNotOpened() {
        allow("---------", folder.resolve("vault"))
        assertEquals(VaultError.NoAccess, openedByNobody())
        opensAgain()
    }

    @Test
    fun aVaultWhoseLockMayNotBeWrittenIsNotOpened() {
        allow("r--r--r--", folder.resolve("vault.lock"))
        assertEquals(VaultError.ReadOnly, openedByNobody())
        opensAgain()
    }

    /** Once everything may be had again. */
    private fun opensAgain() {
        for (name in listOf("vault", "vault.lock")) allow("rw-rw-rw-", folder.resolve(name))
        Companion.open(place, Ports(StillClock())).use {
            it.unlockWithRecovery(code)
            assertEquals(emptyList(), it.list())
        }
    }
}
