//! Text encodings of links and messages.
