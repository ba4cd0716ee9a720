package app.countersign.core

/**
 * A private text: a name, a code, an exported link, a note. Only [expose] shows it; in logs, errors and templates it is
 * `[redacted]`.
 */
class Concealed(private val text: String) {
    /** The text itself, for the person whose it is. */
    fun expose(): String = text

    override fun equals(other: Any?): Boolean = other is Concealed && other.text == text

    override fun hashCode(): Int = text.hashCode()

    override fun toString(): String = "[redacted]"
}
