package app.countersign.core

import java.io.ByteArrayOutputStream
import java.io.PrintStream
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.readText
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.jupiter.api.io.TempDir

/** The package itself: its README. */
class PackageTest {
    @Test
    fun theExampleOfTheReadmeRuns(@TempDir folder: Path) {
        val out = System.out
        val said = ByteArrayOutputStream()
        System.setOut(PrintStream(said))
        try {
            waiting { example(folder.resolve("my.vault").toString()) }
        } finally {
            System.setOut(out)
        }
        val (first, second) = said.toString().trim().lines()
        assertTrue(Regex("Keep this safe: ([0-9A-Z]{4}-){8}[0-9A-Z]{4}").matches(first))
        assertTrue(Regex("Example alice \\d{6}").matches(second))
        assertTrue(folder.resolve("my.vault").exists())
    }

    @Test
    fun theExamplesOfTheReadmeAreThoseThatCompile() {
        val shown = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(Path.of("README.md").readText())
        val compiled = Path.of("src/test/kotlin/app/countersign/core/Example.kt").readText()
        assertEquals(listOf(true, true), shown.map { it.groupValues[1] in compiled }.toList())
    }
}
