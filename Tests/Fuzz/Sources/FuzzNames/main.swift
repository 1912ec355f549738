import FuzzDriver
import FuzzTargets
import Glibc

exit(
    fuzz { start, count in
        FuzzTargets.names(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    })
