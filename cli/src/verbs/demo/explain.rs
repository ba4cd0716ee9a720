//! What the demo says before and after.

/// Before the first step.
pub(super) const BEGINNING: &str = "\
This is Countersign, once through. Everything happens in a temporary vault; yours is not touched.
";

/// One page, afterwards.
pub(super) const PAGE: &str = "
What happened
-------------
A website that wants codes shows a QR image with a key in it. Step 1 drew such an image, read it
back, and put the account into an encrypted vault. From then on the key and the clock make a code
every 30 seconds; the website makes the same code and compares. Nothing was sent anywhere.

Where there is no image, the key can be typed (step 2). An app that you leave behind shows an
export, spread over several images (step 3): nothing of it is added before all parts are there,
because half an export looks like a whole one. A code that is added twice is there once (step 4).

Some accounts count instead of looking at the clock (step 6). Each code is used up when it is
shown, so the new counter is on the disk before you see the code.

Removed accounts stay in the trash for 30 days (step 8): the website goes on expecting codes, and
you may notice late. In the vault's file no name, no tag and no key can be read (step 9); what
opens it is your password, or the recovery code that you write on paper.

Next
----
  countersign init                      make your own vault
  countersign add --qr screenshot.png   add the code on your screen
  countersign list                      see all codes, live
  countersign doctor --qr photo.jpg     find out what any code is

The temporary vault is gone.
";
