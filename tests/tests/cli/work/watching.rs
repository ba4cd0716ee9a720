//! Notifications of the desktop: a bus of the test's own, with somebody on it who takes them.
