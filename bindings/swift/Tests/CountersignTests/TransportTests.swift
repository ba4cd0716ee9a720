@testable import Countersign
import Foundation
import Testing

extension Scenarios {
    /// The ports that come with the package.
    @Suite struct TransportTests {
        let server: Server

        init() async throws {
            server = try await Server()
        }

        private func post(_ url: String, timeoutS: UInt32 = 20) async throws -> HttpReply {
            let request = HttpRequest(
                url: url, contentType: "application/jose", body: Data("x".utf8), timeoutS: timeoutS, replyBytesMax: 100_000
            )
            return try await URLSessionTransport().post(request: request)
        }

        private func named(_ url: String, timeoutS: UInt32 = 20) async throws -> TransportError {
            let error = try await thrown(TransportError.self) { try await post(url, timeoutS: timeoutS) }
            #expect(!"\(error) \(error.localizedDescription)".contains(server.url))
            return error
        }

        @Test func theDefaultTransportNamesWhatWentWrong() async throws {
            let url = server.url + "/v1/fetch"
            func met(_ kind: String, _ more: [String: Json] = [:]) async throws -> TransportError {
                try await server.network(kind, more)
                return try await named(url)
            }
            #expect(try await post(url).status == 400)
            #expect(try await met("redirect", ["to": .text(server.url)]) == .redirect)
            #expect(try await met("raw", ["text": "no HTTP at all\r\n\r\n"]) == .notHttp)
            #expect(try await met("drop") == .noConnection)
            #expect(try await met("huge", ["bytes": 5_000_000]) == .tooLong)
            try await server.network("hold")
            #expect(try await named(url, timeoutS: 1) == .timedOut)
            try await server.control("release")
            try await server.network("unavailable", ["retry_after": "7"])
            let answer = try await post(url)
            #expect(answer.status == 503 && answer.retryAfterS == 7)
            #expect(try await named("http://127.0.0.1:9/") == .noConnection)
            #expect(try await named("https://no-such-host.invalid/") == .noConnection)
            for address in ["no address", "http://work.example/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1.example/"] {
                #expect(try await named(address) == .noConnection, "\(address)")
            }
            #expect(try await met("endless") == .tooLong)
        }

        @Test func aTaskThatIsCancelledEndsItsRequest() async throws {
            try await server.network("hold")
            let url = server.url + "/v1/fetch"
            let asking = Task { try await post(url) }
            while try await server.requests("fetch").isEmpty { await Task.yield() }
            asking.cancel()
            await #expect(throws: CancellationError.self) { try await asking.value }
            try await server.control("release")
        }

        @Test func whenToComeBackIsANumberOrADate() {
            let now = Date(timeIntervalSince1970: 1_800_000_000)
            #expect(secondsFromNow(" 7 ", now: now) == 7)
            #expect(secondsFromNow("99999999999999999999999", now: now) == .max)
            #expect(secondsFromNow("Fri, 15 Jan 2027 08:00:30 GMT", now: now) == 30)
            #expect(secondsFromNow("Fri, 15 Jan 2021 08:00:30 GMT", now: now) == 0)
            for none in ["", "soon", "-1", "1.5", "Fri, 15 Jan"] { #expect(secondsFromNow(none, now: now) == nil, "\(none)") }
        }

        @Test func theSystemsClockGoesByWholeSeconds() throws {
            #expect(try SystemClock().now() > 1_700_000_000)
            let clock = StillClock(1)
            clock.pass(.milliseconds(999))
            #expect(try clock.now() == 1)
            #expect(try clock.duration(until: 2) == .milliseconds(1))
            #expect(try clock.duration(until: 1) == .zero)
            #expect(try clock.duration(until: .max) > .seconds(1_000_000))
            let whole = WholeClock()
            #expect(try whole.duration(until: 7) == .seconds(2))
            #expect(try whole.duration(until: 5) == .zero)
            #expect(try whole.duration(until: .max) > .seconds(1_000_000))
        }
    }
}

/// A clock that knows whole seconds only.
private final class WholeClock: Countersign.Clock {
    func now() throws -> UnixSeconds { 5 }
}
