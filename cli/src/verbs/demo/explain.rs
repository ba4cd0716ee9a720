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
you may notice late. At the end nothing of a name, a tag or a key can be read in the vault's file;
what opens it is your password, or the recovery code that you write on paper.
";

/// The page's part about approvals.
#[cfg(feature = "server")]
pub(super) const APPROVALS: &str = "
A work account is asked instead of showing codes. Its server was on this machine, and ended with
the demo. The number that device and page compared (step 9) shows that nobody sat between them.

A sign-in waits until you type the number from its screen (step 10): you see what the server
signed, your key signs that very text, and the server signs a receipt. A tap alone approves
nothing, so somebody who only has your password (step 11) gets silence after two rings, while
your own sign-in still gets through. \"It was not me\" (step 12) raises the alarm: the
organisation says what comes next, here a new password. The history keeps both sides' signatures
in a chain; `countersign history export` gives it to anybody who wants to check it.
";

/// The last words.
pub(super) const END: &str = "
Next
----
  countersign init                      make your own vault
  countersign add --qr screenshot.png   add the code on your screen
  countersign list                      see all codes, live
  countersign approve                   wait for the sign-ins of your work accounts
  countersign doctor --qr photo.jpg     find out what any code is

The temporary vault is gone.
";
