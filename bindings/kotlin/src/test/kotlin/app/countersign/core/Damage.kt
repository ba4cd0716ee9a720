package app.countersign.core

import java.sql.DriverManager

/** Changes a vault's file as who has it and no key. */
fun VaultPlace.attacked(statement: String) {
    DriverManager.getConnection("jdbc:sqlite:$path").use { file ->
        file.createStatement().use { it.execute(statement) }
    }
}

/** The number of a table's first page, from 1. */
fun VaultPlace.rootPage(table: String): Int = DriverManager.getConnection("jdbc:sqlite:$path").use { file ->
    file.createStatement().use {
        it.executeQuery("SELECT rootpage FROM sqlite_schema WHERE name = '$table'").getInt(1)
    }
}
