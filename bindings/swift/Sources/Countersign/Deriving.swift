import Dispatch

/// Does what derives a key on a thread that may be kept for it: those of tasks are as few as the processor has cores, and each that
/// computes for a second is missing for that long.
func deriving<Made: Sendable>(_ step: @escaping @Sendable () throws -> Made) async throws -> Made {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global(qos: .userInitiated).async {
            continuation.resume(with: Result { try step() })
        }
    }
}
