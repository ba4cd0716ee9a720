import Countersign
import Foundation
import Testing

extension Scenarios {
    /// Reading: every vector through Swift, pictures, exports and invitations.
    @Suite struct ReadingTests {
        let desk: Desk
        let companion: Companion

        init() async throws {
            desk = try Desk()
            companion = try await desk.made()
        }

        @Test func everyLinkOfTheVectorsIsReadAsItSays() throws {
            let cases = try vectors("otpauth.jsonl")
            #expect(cases.count > 100)
            #expect(try cases.compactMap { try wrong($0, examine(text: $0.text("uri"))) } == [])
        }

        @Test func everyFormOfTheVectorsIsReadAsItSays() throws {
            let cases = try vectors("manual-entry.jsonl")
            #expect(cases.count > 20)
            #expect(try cases.compactMap { try wrong($0, examineManual(fields: form(#require($0["input"])))) } == [])
        }

        @Test func everyCodeOfTheVectorsIsMade() async throws {
            var count = 0
            for test in try vectors("otp.jsonl") {
                let isCounted = try test.text("kind") == "hotp"
                let fields = ManualFields(
                    account: "case \(count)",
                    secret: try test.text("secret_base32"),
                    kind: try test.text("kind"),
                    algorithm: test.text("algorithm", or: ""),
                    digits: test.text("digits", or: ""),
                    period: test.text("period", or: ""),
                    counter: test.text("counter", or: "")
                )
                guard case .new(let id, _, _)? = try companion.add(reading: examineManual(fields: fields)).first else {
                    throw Unexpected("not new: \(test)")
                }
                if isCounted && test.text("counter", or: "") == "\(Int64.max)" {
                    // There is no counter after it, so its code is never passed.
                    let end = try await vaultFault { try companion.nextHotp(id: id, doubtful: .refuse) }
                    #expect(end == .counterExhausted)
                    continue
                }
                let got =
                    isCounted
                    ? try companion.nextHotp(id: id, doubtful: .refuse).code
                    : try #require(companion.row(id: id, now: UInt64(test.text("time"))).window).current
                #expect(try got.expose() == test.text("code"), "\(test)")
                count += 1
            }
            #expect(count > 90)
        }

        @Test func aPictureAndAFrameSayTheSame() throws {
            let read = try #require(readImage(image: drawPng(text: Concealed(aliceLink), modulePx: 4)).first)
            #expect(read.text.expose() == aliceLink)
            #expect(read.corners.count == 4)
            let rows = try modules(drawSvg(text: Concealed(aliceLink)).expose())
            let side = rows.count * 4
            let luma = Data((0..<side * side).map { rows[$0 / side / 4][$0 % side / 4] ? 0 : 255 })
            let frame = try readFrame(luma: luma, widthPx: UInt32(side), heightPx: UInt32(side), strideBytes: UInt32(side))
            #expect(frame.map(\.text) == [read.text])
        }

        /// The modules of a drawn code, with its quiet zone: each dark run is `Mx y h n` in the path.
        private func modules(_ svg: String) throws -> [[Bool]] {
            let side = try Int(#require(svg.firstMatch(of: #/viewBox="0 0 (\d+) /#)).1) ?? 0
            var rows = [[Bool]](repeating: [Bool](repeating: false, count: side), count: side)
            for run in svg.matches(of: /M(\d+) (\d+)h(\d+)/) {
                let (x, y, width) = try (#require(Int(run.1)), #require(Int(run.2)), #require(Int(run.3)))
                for at in x..<x + width { rows[y][at] = true }
            }
            #expect(rows.contains { $0.contains(true) })
            return rows
        }

        @Test func aPictureWithoutACodeSaysSo() async throws {
            for nothing in [Data("no picture".utf8), Data()] {
                #expect(try await thrown(QrError.self) { try readImage(image: nothing) } == .notAnImage)
            }
            let grey = Data(repeating: 127, count: 64 * 64)
            func frame(_ width: UInt32, _ height: UInt32, _ stride: UInt32) async throws -> QrError {
                try await thrown { try readFrame(luma: grey, widthPx: width, heightPx: height, strideBytes: stride) }
            }
            #expect(try await frame(64, 64, 64) == .noCode)
            #expect(try await frame(64, 65, 64) == .frameShape)
            #expect(try await frame(0, 64, 64) == .frameShape)
            #expect(try await frame(40_000, 64, 40_000) == .imageTooLarge)
            let long = Concealed(String(repeating: "x", count: 3_000))
            #expect(try await thrown(QrError.self) { try drawPng(text: long) } == .textTooLong)
        }

        @Test func aFrameWithMoreCodesThanAreReadIsRefused() async throws {
            let drawn = try (10..<75).map { try modules(drawSvg(text: Concealed("code \($0)")).expose()) }
            let (side, scale, across) = (try #require(drawn.first).count, 3, 9)
            let (cell, width) = (side * scale, across * side * scale)
            var luma = Data(repeating: 255, count: width * 8 * cell)
            for (n, rows) in drawn.enumerated() {
                for (y, row) in rows.enumerated() {
                    let line = Data(row.flatMap { [UInt8](repeating: $0 ? 0 : 255, count: scale) })
                    for repeated in 0..<scale {
                        let at = (n / across * cell + y * scale + repeated) * width + n % across * cell
                        luma.replaceSubrange(at..<at + line.count, with: line)
                    }
                }
            }
            func read(_ frame: Data) throws -> [QrText] {
                let height = UInt32(frame.count / width)
                return try readFrame(luma: frame, widthPx: UInt32(width), heightPx: height, strideBytes: UInt32(width))
            }
            #expect(try await thrown(QrError.self) { try read(luma) } == .tooManyCodes)
            #expect(try read(luma.prefix(width * 7 * cell)).count == 63, "without the last row it is read")
        }

        /// One link of an export, with one account of its own.
        private func part(_ index: UInt8, _ size: UInt8, batch: UInt8 = 7, account: String = "alice") -> String {
            let names = field(2, Data("\(account)\(index)".utf8)) + field(3, Data("Example".utf8))
            return exportLink(exported(secret: Data("0123456789".utf8), names: names), part: index, of: size, batch: batch)
        }

        @Test func anExportInPartsIsHandedOutWhole() async throws {
            let batch = MigrationBatch()
            #expect(batch.size() == 0 && batch.missing() == [])
            #expect(try batch.add(link: part(1, 3)) == .new)
            #expect(try batch.add(link: part(1, 3)) == .known)
            #expect(batch.size() == 3 && batch.missing() == [0, 2])
            #expect(try await thrown(PartError.self) { try batch.complete() } == .incomplete(missing: 2))
            func refused(_ link: String) async throws -> PartError {
                try await thrown { try batch.add(link: link) }
            }
            #expect(try await refused(part(0, 3, batch: 8)) == .apart(fault: .otherExport))
            #expect(try await refused(part(0, 4)) == .apart(fault: .sizeDiffers(expected: 3, got: 4)))
            #expect(try await refused(part(1, 3, account: "eve")) == .apart(fault: .otherExport))
            #expect(try await refused(part(3, 3)) == .apart(fault: .index(index: 3, size: 3)))
            #expect(try await refused(aliceLink) == PartError.refused(fault: .notOtpauth))
            #expect(try batch.add(link: part(2, 3)) == .new)
            #expect(try batch.add(link: part(0, 3)) == .new)
            let whole = try batch.complete()
            #expect(whole.accounts().map { $0.account.expose() } == ["alice0", "alice1", "alice2"])
            #expect(try companion.add(reading: whole).count == 3)
            #expect(try companion.list().count == 3)
            #expect(batch.size() == 0 && batch.missing() == [])
            #expect(try batch.add(link: part(0, 2)) == .new)
            #expect(batch.acceptPartial().accounts().count == 1)
            #expect(!batch.acceptPartial().isAccepted())
        }

        @Test func anInvitationIsReadFromItsLinkAndFromCodeAndAddress() async throws {
            let cases = try vectors("protocol/links-enrol.jsonl")
            let link = try #require(cases.first { $0["error"] == nil && $0["read"] != nil }).text("link")
            let reading = examine(text: link)
            #expect(reading.kind() == .invitation)
            let invitation = try #require(reading.invitation())
            #expect(!invitation.isTyped())
            #expect(link.contains(invitation.host().expose()))
            #expect(invitation.expiresAt() != nil)
            let typed = try Invitation.ofCodeAndUrl(code: "123 4567-890123456", url: "https://MFA.example/")
            #expect(typed.isTyped())
            #expect(typed.host().expose() == "mfa.example")
            #expect(typed.issuer() == nil && typed.expiresAt() == nil)
            func refused(_ code: String, _ url: String) async throws -> InvitationError {
                try await thrown { try Invitation.ofCodeAndUrl(code: code, url: url) }
            }
            #expect(try await refused("12", "https://mfa.example") == InvitationError.refused(fault: .missingCode))
            #expect(try await refused("1234567890123456", "http://mfa.example") == .refused(fault: .insecureUrl))
            #expect(try await refused("1234567890123456", "http://127.0.0.1:8080") == .refused(fault: .insecureUrl))
            let local = try Invitation.ofCodeAndUrl(code: "1234567890123456", url: "http://127.0.0.1:8080", testMode: true)
            #expect(local.host().expose() == "127.0.0.1")
        }

        @Test(arguments: ["", "hello", "https://example.com", "WIFI:S:home;;", "123456", "\u{0}", "LONG"])
        func nothingThatIsNoCodeCanBeAdded(text: String) async throws {
            let reading = examine(text: text == "LONG" ? String(repeating: "x", count: 2_000_000) : text)
            #expect(!reading.isAccepted())
            #expect(reading.error() != nil)
            #expect(reading.nextStep().hasSuffix("."))
            #expect(reading.accounts() == [])
            #expect(reading.invitation() == nil)
            #expect(reading.statement() == nil)
            #expect(try await refusal { try companion.add(reading: reading) } == .nothingToAdd)
            #expect(try await refusal { try companion.prospects(reading: reading) } == .nothingToAdd)
            #expect(try companion.list() == [])
        }
    }
}
