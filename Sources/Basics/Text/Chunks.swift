extension RandomAccessCollection where Index == Int {
    /// Parts of this many elements, the last one shorter.
    package func chunks(of count: Int) -> [SubSequence] {
        stride(from: startIndex, to: endIndex, by: count).map { self[$0..<Swift.min($0 + count, endIndex)] }
    }
}
