package app.countersign.core

/** The system's clock and network. Work accounts keep software keys in the vault; see [KeyPlace.SOFTWARE]. */
fun defaultPorts(): Ports = Ports(clock = SystemClock, transport = UrlConnectionTransport())
