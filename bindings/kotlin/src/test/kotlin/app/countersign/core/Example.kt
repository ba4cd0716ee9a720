package app.countersign.core

// The examples of the README, word for word.

suspend fun example(path: String) {
    val code = RecoveryCode.generate()
    println("Keep this safe: ${code.format().expose()}")
    Companion.create(vaultAt(path), defaultPorts(), "correct horse".toCharArray(), code).use { companion ->
        companion.add(examine("otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example"))
        for (row in companion.list()) {
            println("${row.issuer.expose()} ${row.account.expose()} ${row.window?.current?.expose()}")
        }
    }
}

suspend fun approve(companion: Companion, link: String, ask: suspend (Statement) -> String) {
    val invitation = examine(link).invitation() ?: return
    companion.addWork(invitation, NewWork("Laptop", "linux", "app example 1", KeyPlace.SOFTWARE))
    companion.events().collect { event ->
        if (event is Event.Rings) {
            val number = ask(companion.statement(event.statement))
            companion.decide(event.statement, Decision.Approve(number))
        }
    }
}
