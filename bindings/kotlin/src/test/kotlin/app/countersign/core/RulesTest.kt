package app.countersign.core

import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertNotNull

/** What the jar tells those who shrink an app. */
class RulesTest {
    @Test
    fun theJarHasTheRulesForShrinkingAnApp() {
        val found = Companion::class.java.getResource("/META-INF/proguard/countersign.pro")
        val rules = assertNotNull(found).readText().lines()
        val wanted = listOf(
            "-keep class com.sun.jna.** { *; }",
            "-keep class * extends com.sun.jna.Structure { *; }",
            "-keep class * implements com.sun.jna.Callback { *; }",
            "-keep,includedescriptorclasses class app.countersign.core.** { native <methods>; }",
            "-keepattributes RuntimeVisibleAnnotations,InnerClasses,EnclosingMethod,Signature",
            "-dontwarn java.awt.**",
        )
        assertEquals(emptyList(), wanted - rules.toSet())
        val unknown = rules.filter { it.isNotEmpty() && !it.startsWith("#") && !it.startsWith("-") }
        assertEquals(emptyList(), unknown)
    }
}
