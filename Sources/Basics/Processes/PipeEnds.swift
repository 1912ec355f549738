import CLinux

/// The two ends of a pipe that children do not inherit.
package struct PipeEnds: Sendable {
    package let reading: Int32
    package let writing: Int32

    package init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard etb_pipe(&ends) == 0 else { throw SystemError() }
        (reading, writing) = (ends[0], ends[1])
    }
}
