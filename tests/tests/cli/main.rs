//! The program `countersign` as a person or a script runs it. Scenario ids stand in the names of the tests.

mod add;
mod codes;
mod contract;
mod demo;
mod doctor;
mod images;
mod init;
mod keep;
mod leaks;
mod live;
mod person;
mod pipes;
mod tamper;
mod terminal;
mod unlock;
