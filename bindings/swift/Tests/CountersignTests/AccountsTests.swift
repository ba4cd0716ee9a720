import Countersign
import Foundation
import Testing

extension Scenarios {
    /// Code accounts: added, listed, changed, used, removed.
    @Suite struct AccountsTests {
        let desk: Desk
        let companion: Companion

        init() async throws {
            desk = try Desk()
            companion = try await desk.made()
        }

        @Test func anAccountIsAddedListedAndExported() async throws {
            let id = try companion.added()
            let row = try #require(companion.list().first)
            #expect(try companion.list() == [row])
            #expect(row.id == id)
            #expect(row.issuer.expose() == "Example" && row.account.expose() == "alice")
            #expect(row.kind == .totp(algorithm: .sha1, digits: 6, period: 30))
            #expect(row.createdAt == start)
            #expect(row.trashedAt == nil)
            #expect(!row.hasNote)
            let link = try companion.exportUri(id: id).expose()
            #expect(link.contains("secret=JBSWY3DPEHPK3PXP"))
            #expect(examine(text: aliceLink).accounts() == examine(text: link).accounts())
            #expect(try companion.row(id: id) == row)
            let unknown = try await refusal { try companion.row(id: "no id at all") }
            #expect(unknown == .vault(fault: VaultError.noSuchAccount))
        }

        @Test func codesChangeAtTheirSecond() async throws {
            _ = try companion.added()
            let begin = start / 30 * 30
            func window(_ now: UnixSeconds) throws -> CodeWindow {
                try #require(companion.codes(now: now).first).window
            }
            let (first, after) = (try window(begin), try window(begin + 30))
            #expect(try window(begin + 29) == first)
            #expect(first.changesAt == begin + 30)
            #expect(try companion.nextChange(now: begin) == begin + 30)
            #expect(first.next == after.current)
            #expect(after.changesAt == begin + 60)
            desk.clock.at = begin
            desk.clock.pass(.milliseconds(250))
            let waited = Shared(Duration.zero)
            let pause: Pause = { [clock = desk.clock] duration in
                waited.change { $0 += duration }
                clock.pass(duration)
            }
            var seen: [CodeWindow] = []
            for try await codes in companion.ticks(pause: pause) {
                seen += codes.map(\.window)
                if seen.count == 2 { break }
            }
            #expect(seen == [first, after])
            #expect(waited.now == .milliseconds(29_750), "the second tick comes with the change, not a moment later")
            try companion.remove(id: companion.find(name: "alice"))
            var empty: [[AccountCodes]] = []
            for try await codes in companion.ticks(pause: pause) { empty.append(codes) }
            #expect(empty == [[]])
        }

        @Test func theSameAccountIsAddedOnceAndAnotherKeyBesideIt() async throws {
            let id = try companion.added()
            #expect(try companion.add(reading: examine(text: aliceLink)) == [.alreadyHere(id: id, inTrash: false)])
            let other = examine(text: aliceLink.replacingOccurrences(of: "JBSWY3DPEHPK3PXP", with: "GEZDGNBVGY3TQOJQ"))
            let prospect = try #require(companion.prospects(reading: other).first)
            #expect(prospect.sameNames == [id] && prospect.alreadyHere == nil)
            guard case .new(_, let sameNames, _)? = try companion.add(reading: other).first else { throw Unexpected("not new") }
            #expect(sameNames == [id])
            let renamed = examine(text: aliceLink.replacingOccurrences(of: "alice", with: "carol"))
            #expect(try companion.prospects(reading: renamed).map(\.sameSecret) == [[id]])
            #expect(try await refusal { try companion.addChosen(reading: renamed, places: [1]) } == .nothingToAdd)
            guard case .new(_, _, let sameSecret)? = try companion.addChosen(reading: renamed, places: [0]).first else {
                throw Unexpected("not new")
            }
            #expect(sameSecret == [id])
            #expect(try companion.list().count == 3)
        }

        @Test func anAccountIsEditedSearchedAndFound() async throws {
            let alice = try companion.added()
            let bob = try companion.added(aliceLink.replacingOccurrences(of: "alice", with: "bob"))
            try companion.edit(id: alice, edit: Edit.of("Ångström", note: "keep me", tags: ["Work", "Work", ""], pinned: true))
            let row = try companion.row(id: alice)
            #expect(row.issuer.expose() == "Ångström")
            #expect(row.tags.map { $0.expose() } == ["Work"])
            #expect(row.pinned && row.hasNote)
            #expect(row.account.expose() == "alice")
            #expect(try companion.note(id: alice).expose() == "keep me")
            #expect(try companion.search(query: "ANGSTROM keep").map(\.id) == [alice])
            #expect(try companion.search(query: "nobody") == [])
            #expect(try ["bob", "Example:bob", bob].map { try companion.find(name: $0) } == [bob, bob, bob])
            #expect(try await refusal { try companion.find(name: "nobody") } == .noSuchName)
            let carol = try companion.added(aliceLink.replacingOccurrences(of: "alice", with: "bobby"))
            #expect(try await refusal { try companion.find(name: "bob") } == .ambiguousName(candidates: [bob, carol]))
            try companion.edit(id: carol, edit: Edit(position: 0))
            #expect(try companion.list().map(\.id) == [alice, carol, bob])
            let long = Edit.of(String(repeating: "x", count: 2_000))
            let tooLong = try await vaultFault { try companion.edit(id: bob, edit: long) }
            #expect(tooLong == .nameTooLong(gotBytes: 2_000, maxBytes: 1_024))
        }

        @Test func aCounterMovesOnBeforeItsCodeIsShown() async throws {
            let id = try companion.added(counterLink)
            let codes = try (0..<3).map { _ in try companion.nextHotp(id: id, doubtful: .refuse) }
            #expect(codes.map(\.counter) == [0, 1, 2])
            #expect(codes.map { $0.code.expose() } == ["755224", "287082", "359152"])
            #expect(try companion.row(id: id).kind == .hotp(algorithm: .sha1, digits: 6, counter: 3))
            #expect(try companion.row(id: id).window == nil)
            let byTime = try companion.added()
            #expect(try await vaultFault { try companion.nextHotp(id: byTime, doubtful: .refuse) } == .noCounter)
            let last = counterLink.replacingOccurrences(of: "bob", with: "eve")
                .replacingOccurrences(of: "counter=0", with: "counter=\(Int64.max)")
            let end = try companion.added(last)
            #expect(try await vaultFault { try companion.nextHotp(id: end, doubtful: .refuse) } == .counterExhausted)
        }

        @Test func theTrashGivesBackExactlyWhatItTook() async throws {
            let id = try companion.added()
            try companion.edit(id: id, edit: Edit.of(note: "keep me", tags: ["Work"]))
            let before = try companion.row(id: id)
            let day: UInt64 = 86_400
            #expect(try companion.remove(id: id) == start + trashDays() * day)
            #expect(try companion.list() == [])
            #expect(try companion.codes() == [])
            #expect(try companion.trash().map(\.id) == [id])
            #expect(try companion.findInTrash(name: "alice") == id)
            #expect(try companion.add(reading: examine(text: aliceLink)) == [.alreadyHere(id: id, inTrash: true)])
            try companion.restore(id: id)
            #expect(try companion.row(id: id) == before)
            #expect(try await vaultFault { try companion.purge(id: id) } == .noSuchAccount)
            try companion.remove(id: id)
            #expect(try companion.purgeExpired(now: start + 29 * day) == 0)
            #expect(try companion.purgeExpired(now: start + 31 * day) == 1)
            #expect(try companion.trash() == [])
        }

        @Test func namesCodesAndNotesAreRedacted() throws {
            let id = try companion.added()
            try companion.edit(id: id, edit: Edit.of(note: marked, tags: [marked]))
            let row = try companion.row(id: id)
            let window = try #require(row.window)
            let secret = Data(marked.utf8)
            let values: [Any] = [
                row, try companion.codes(), try companion.note(id: id), try companion.exportUri(id: id), window,
                Edit.of(note: marked), Password(marked), Credential.password(password: secret),
                Credential.platform(slot: "00", secret: secret),
                RingAddress.webPush(to: "https://push.example", p256dh: secret, auth: secret),
                RingAddress.gateway(to: marked), RingAddress.unifiedPush(to: marked), Decision.approve(number: marked),
                ManualFields(account: marked, secret: marked),
                HttpReply(status: 200, retryAfterS: nil, body: secret),
                HttpRequest(url: "https://work.example", contentType: "x", body: secret, timeoutS: 1, replyBytesMax: 1),
            ]
            for value in values {
                var shown = "\(value) \(String(reflecting: value)) \(String(describing: [value])) "
                dump(value, to: &shown)
                let secrets = [
                    marked, "alice", "Example", "JBSWY3DPEHPK3PXP", window.current.expose(), "77, 65, 82, 75", "- 77\n",
                ]
                #expect(secrets.filter { shown.contains($0) } == [], "\(type(of: value))")
            }
            #expect("\(row)".contains("[redacted]"))
            #expect(row.tags == [Concealed(marked)] && row.tags != [Concealed("another")])
        }
    }
}
