//  Countersign: one-time codes and sign-in approvals in an encrypted vault.
//
//  The core is compiled. What it asks of the program are ports; ``Ports/system`` has those that need no phone.

@_exported import CountersignGenerated
