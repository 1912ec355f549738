import Basics
import Cluster
import Configuration
import Messages
import X509

/// What one node returned when a trust list file was read from it.
public struct TrustListReading: Sendable {
    public enum Outcome: Sendable {
        case file([UInt8])
        /// The node answers, but has no such file.
        case absent
        case failed(ClusterError)
    }

    public let node: String
    public let transport: TrustListTransport
    public let outcome: Outcome

    public init(node: String, transport: TrustListTransport, outcome: Outcome) {
        self.node = node
        self.transport = transport
        self.outcome = outcome
    }

    /// The file's bytes, where there is one.
    public var bytes: [UInt8]? {
        if case .file(let bytes) = outcome { return bytes }
        return nil
    }

    public var error: ClusterError? {
        if case .failed(let error) = outcome { return error }
        return nil
    }

    /// Whether both answers are the same: the same bytes, or no file in both. A failure equals nothing.
    public func agrees(with other: TrustListReading) -> Bool {
        switch (outcome, other.outcome) {
        case (.file(let one), .file(let two)): one == two
        case (.absent, .absent): true
        default: false
        }
    }

    /// `4947 bytes, SHA-1 1d97...`, or `no file`.
    public var summary: LocalizableText {
        switch outcome {
        case .file(let bytes): localized("\(bytes.count) bytes, SHA-1 \(Digest.sha1(bytes).hex)")
        case .absent: localized("no file")
        case .failed(let error): error.message
        }
    }
}

/// A trust list file as served by every node, over every transport.
public struct DistributedFile: Sendable {
    public let kind: TrustListKind
    /// In the order of the nodes; for each, TFTP before HTTP.
    public let readings: [TrustListReading]

    public init(kind: TrustListKind, readings: [TrustListReading]) {
        self.kind = kind
        self.readings = readings
    }

    /// The nodes' names, in order.
    public var nodes: [String] {
        readings.reduce(into: []) { names, reading in
            if names.last != reading.node { names.append(reading.node) }
        }
    }

    /// Nodes that could not be read, each with the first reason.
    public var failures: [(node: String, error: ClusterError)] {
        var failures: [(node: String, error: ClusterError)] = []
        for reading in readings {
            if let error = reading.error, failures.last?.node != reading.node { failures.append((reading.node, error)) }
        }
        return failures
    }

    /// The answers that could be read.
    public var answers: [TrustListReading] { readings.filter { $0.error == nil } }

    /// The answer that the others are compared with: the first node's.
    public var reference: TrustListReading? { answers.first }

    /// The answers that differ from the first one. Empty means that all answering nodes serve the same.
    public var differing: [TrustListReading] {
        guard let reference else { return [] }
        return answers.filter { !$0.agrees(with: reference) }
    }

    /// The answers of each node that differ from its own first one: TFTP and HTTP differ.
    public var differingWithinNodes: [TrustListReading] {
        answers.filter { reading in
            answers.first { $0.node == reading.node }.map { !$0.agrees(with: reading) } ?? false
        }
    }

    /// What a node serves: its first answer; nil if it could not be read.
    public func answer(of node: String) -> TrustListReading? { answers.first { $0.node == node } }

    /// Every different file, once, in the order of first appearance.
    public var variants: [[UInt8]] {
        readings.compactMap(\.bytes).reduce(into: []) { variants, bytes in
            if !variants.contains(bytes) { variants.append(bytes) }
        }
    }
}
