//! The device's half against the server's: the real code of both, and between them a network that tests command. Accounts lie on
//! a desk in memory, so that thousands of schedules are run; nothing of one survives a kill but what was stored.

mod desk;
mod each_message;
mod network;
mod oracle;
mod person;
mod phone;
mod rest;
mod schedules;
mod server;
mod world;
