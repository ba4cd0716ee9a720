import CountersignGenerated
import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Posts with `URLSession`. TLS trusts what the system trusts; redirects are not followed, and no cookie or answer is kept.
///
/// A task that is cancelled ends its request.
public final class URLSessionTransport: Transport {
    /// It holds nothing between requests.
    public init() {}

    public func post(request: HttpRequest) async throws -> HttpReply {
        let url = try address(of: request)
        var asked = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData)
        asked.httpMethod = "POST"
        asked.httpBody = request.body
        asked.setValue(request.contentType, forHTTPHeaderField: "Content-Type")
        // Says neither which version of the platform asks nor on which device.
        asked.setValue("countersign", forHTTPHeaderField: "User-Agent")
        let exchange = Exchange(bytesMax: request.replyBytesMax)
        let limit = Duration.seconds(Int64(request.timeoutS))
        // The session's own limit is for one piece of the answer; this one is for all of it.
        let timer = Task {
            try await Task.sleep(for: limit)
            exchange.end(with: .failure(TransportError.timedOut))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await exchange.run(asked, timeout: TimeInterval(request.timeoutS))
        } onCancel: {
            exchange.end(with: .failure(CancellationError()))
        }
    }
}

/// The request's address; without TLS it is one of this machine, or nothing is sent.
private func address(of request: HttpRequest) throws -> URL {
    guard let url = URL(string: request.url), let host = url.host else { throw TransportError.noConnection }
    switch url.scheme {
    case "https": return url
    case "http" where host == "localhost" || host == "::1" || host.wholeMatch(of: /127(\.[0-9]{1,3}){3}/) != nil: return url
    default: throw TransportError.noConnection
    }
}

/// One request and what comes of it; the first end counts.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let bytesMax: UInt64
    private let lock = NSLock()
    private var ended: Result<HttpReply, any Error>?
    private var waiting: CheckedContinuation<HttpReply, any Error>?
    private var session: URLSession?
    private var head: HTTPURLResponse?
    private var body = Data()

    init(bytesMax: UInt64) {
        self.bytesMax = bytesMax
    }

    func run(_ request: URLRequest, timeout: TimeInterval) async throws -> HttpReply {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout
        configuration.httpShouldSetCookies = false
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: OneAfterTheOther())
        return try await withCheckedThrowingContinuation { continuation in
            let already = lock.withLock {
                self.session = session
                if ended == nil { waiting = continuation }
                return ended
            }
            if let already {
                session.invalidateAndCancel()
                continuation.resume(with: already)
            } else {
                // A server that only sends may keep this call.
                DispatchQueue.global().async { session.dataTask(with: request).resume() }
            }
        }
    }

    func end(with result: Result<HttpReply, any Error>) {
        let (waiting, session) = lock.withLock {
            guard ended == nil else { return (nil, nil) as (CheckedContinuation<HttpReply, any Error>?, URLSession?) }
            ended = result
            defer { self.waiting = nil }
            return (self.waiting, self.session)
        }
        waiting?.resume(with: result)
        // The session may wait for who calls this.
        DispatchQueue.global().async { session?.invalidateAndCancel() }
    }

    func urlSession(
        _ session: URLSession,
        task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
        end(with: .failure(TransportError.redirect))
    }

    func urlSession(
        _ session: URLSession,
        dataTask: URLSessionDataTask,
        didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        guard let response = response as? HTTPURLResponse else {
            completionHandler(.cancel)
            return end(with: .failure(TransportError.notHttp))
        }
        guard !(300..<400).contains(response.statusCode) else {
            completionHandler(.cancel)
            return end(with: .failure(TransportError.redirect))
        }
        lock.withLock { head = response }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = lock.withLock {
            guard UInt64(body.count) + UInt64(data.count) <= bytesMax else { return true }
            body.append(data)
            return false
        }
        if isTooLong { end(with: .failure(TransportError.tooLong)) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error { return end(with: .failure(named(error))) }
        let (head, body) = lock.withLock { (self.head, self.body) }
        guard let head, let status = UInt16(exactly: head.statusCode) else {
            return end(with: .failure(TransportError.notHttp))
        }
        let retryAfter = head.value(forHTTPHeaderField: "Retry-After").flatMap { secondsFromNow($0) }
        end(with: .success(HttpReply(status: status, retryAfterS: retryAfter, body: body)))
    }
}

#if canImport(FoundationNetworking)
/// Has each piece of an answer taken before the next is read: a queue that collects them grows as fast as a server sends.
private final class OneAfterTheOther: OperationQueue, @unchecked Sendable {
    private let queue = DispatchQueue(label: "app.countersign.exchange")

    override func addOperation(_ block: @escaping @Sendable () -> Void) {
        queue.sync(execute: block)
    }
}
#else
private typealias OneAfterTheOther = OperationQueue
#endif

private func named(_ error: any Error) -> TransportError {
    guard let code = (error as? URLError)?.code else { return .noConnection }
    return switch code {
    case .timedOut: .timedOut
    case .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot,
        .serverCertificateNotYetValid, .clientCertificateRejected, .clientCertificateRequired:
        .certificate
    case .cannotParseResponse, .cannotDecodeRawData, .cannotDecodeContentData, .unsupportedURL: .notHttp
    #if !canImport(FoundationNetworking)
    // Elsewhere it is what is said when the connection ends without an answer.
    case .badServerResponse: .notHttp
    #endif
    case .httpTooManyRedirects, .redirectToNonExistentLocation: .redirect
    case .dataLengthExceedsMaximum: .tooLong
    default: .noConnection
    }
}

/// `Retry-After` as seconds from now: a number, or a date (RFC 9110 §10.2.3); nil where it is neither.
func secondsFromNow(_ retryAfter: String, now: Date = Date()) -> UInt64? {
    let text = retryAfter.trimmingCharacters(in: .whitespaces)
    if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
        return UInt64(text) ?? .max
    }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    guard let at = format.date(from: text) else { return nil }
    return UInt64(max(0, min(at.timeIntervalSince(now), 1e9)))
}
