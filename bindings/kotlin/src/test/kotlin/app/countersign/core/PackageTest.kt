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

    /** What a text shows in Kotlin. */
    private fun shown(text: String): List<String> = Regex("```kotlin\n(.*?)```", RegexOption.DOT_MATCHES_ALL)
        .findAll(Path.of(text).readText())
        .map { it.groupValues[1] }
        .toList()

    private fun compiled(name: String): String = Path.of("src/test/kotlin/app/countersign/core/$name.kt").readText()

    @Test
    fun theExamplesOfTheReadmeAreThoseThatCompile() {
        val compiled = compiled("Example")
        assertEquals(listOf(true, true), shown("README.md").map { it in compiled })
    }

    @Test
    fun theExamplesOfThePageAreThoseThatCompile() {
        val compiled = compiled("Pages")
        // Declarations alone have no body.
        val examples = shown("../../docs/api/kotlin.md").filter { '{' in it }
        assertTrue(examples.size > 10)
        assertEquals(emptyList(), examples.filter { it !in compiled })
    }
}
